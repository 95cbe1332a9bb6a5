"use strict";
// Lists the operations of /openapi.json, each with a curl line and a form to try it.

const tokenField = document.getElementById("token");

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function shellQuote(text) {
  return "'" + text.replaceAll("'", "'\\''") + "'";
}

function resolve(document_, node) {
  return node.$ref ? node.$ref.slice(2).split("/").reduce((at, key) => at[key], document_) : node;
}

function exampleOf(schema) {
  if (schema.examples) return String(schema.examples[0]);
  if (schema.enum) return schema.enum[0];
  return schema.type === "integer" ? String(Math.max(schema.minimum ?? 1, 1)) : "";
}

// The request that the form's fields make.
function request(operation, fields, body) {
  let path = operation.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const { parameter, input } of fields) {
    const value = input.value;
    if (parameter.in === "path") path = path.replace("{" + parameter.name + "}", encodeURIComponent(value || "ID"));
    else if (value !== "") query.append(parameter.name, value);
  }
  if (operation.security.length > 0) headers.authorization = "Bearer " + (tokenField.value || "$TOKEN");
  if (body) headers["content-type"] = "application/json";
  const text = query.toString();
  return { method: operation.method, url: path + (text ? "?" + text : ""), headers, body: body ? body.value : undefined };
}

function curlLine(made) {
  const parts = ["curl", "-sS"];
  if (made.method !== "GET") parts.push("-X", made.method);
  // In double quotes the shell fills in $TOKEN.
  for (const [name, value] of Object.entries(made.headers)) parts.push("-H", `"${name}: ${value}"`);
  if (made.body !== undefined) parts.push("-d", shellQuote(made.body));
  parts.push(shellQuote(location.origin + made.url));
  return parts.join(" ");
}

async function send(made, output, streams) {
  const stop = new AbortController();
  output.textContent = "…";
  try {
    const options = { method: made.method, headers: made.headers, body: made.body, signal: stop.signal };
    if (streams) setTimeout(() => stop.abort(), 10000);
    const answer = await fetch(made.url, options);
    output.textContent = answer.status + " " + answer.statusText + "\n";
    if (/json/.test(answer.headers.get("content-type"))) {
      output.textContent += JSON.stringify(await answer.json(), null, 2);
      return;
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) output.textContent += piece.value;
  } catch (error) {
    output.textContent += "\n" + error.message;
  }
}

function show(document_, operation) {
  const fields = [];
  const form = element("form", {});
  for (const node of operation.parameters) {
    const parameter = resolve(document_, node);
    if (parameter.in === "header") continue;
    const input = element("input", { value: parameter.in === "path" ? exampleOf(parameter.schema) : "" });
    fields.push({ parameter, input });
    form.append(element("label", {}, parameter.name + (parameter.required ? " (required)" : ""), input));
  }
  let body;
  if (operation.requestBody) {
    const example = operation.requestBody.content["application/json"].example;
    body = element("textarea", { rows: 6, value: JSON.stringify(example, null, 2), spellcheck: false });
    form.append(element("label", {}, "Body", body));
  }
  const curl = element("pre", {});
  const output = element("pre", { hidden: true });
  const refresh = () => { curl.textContent = curlLine(request(operation, fields, body)); };
  form.addEventListener("input", refresh);
  tokenField.addEventListener("input", refresh);
  refresh();
  form.append(element("button", { type: "submit", textContent: "Try it" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    output.hidden = false;
    send(request(operation, fields, body), output, "text/event-stream" in (operation.responses["200"]?.content ?? {}));
  });

  const statuses = element("ul", { className: "muted" });
  for (const [status, response] of Object.entries(operation.responses))
    statuses.append(element("li", {}, status + " " + response.description));
  return element("details", { id: operation.operationId },
    element("summary", {}, element("span", { className: "method", textContent: operation.method }),
      element("span", { className: "path", textContent: operation.path }), " ",
      element("span", { className: "muted", textContent: operation.summary })),
    element("p", { textContent: operation.description }), form, curl, output,
    element("details", {}, element("summary", { textContent: "Answers" }), statuses));
}

async function main() {
  const about = document.getElementById("about");
  try {
    const document_ = await (await fetch("/openapi.json")).json();
    about.textContent = document_.info.description;
    const place = document.getElementById("operations");
    for (const tag of document_.tags) {
      place.append(element("h2", { textContent: tag.name }), element("p", { textContent: tag.description ?? "" }));
      for (const [path, methods] of Object.entries(document_.paths))
        for (const [method, operation] of Object.entries(methods))
          if (operation.tags.includes(tag.name))
            place.append(show(document_, { ...operation, path, method: method.toUpperCase() }));
    }
    if (location.hash) document.getElementById(location.hash.slice(1))?.setAttribute("open", "");
  } catch (error) {
    about.textContent = "Cannot read /openapi.json: " + error.message;
  }
}

main();
