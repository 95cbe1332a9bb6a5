"use strict";
// Takes the one-time token from the link's fragment, which browsers never send by themselves.

const token = location.hash.slice(1).replace(/^token=/, "");
const said = document.getElementById("said");
const form = document.getElementById("form");
history.replaceState(null, "", location.pathname);

function say(text, isError) {
  said.textContent = text;
  said.className = isError ? "error" : "";
}

if (token === "") {
  say("This page is opened by the link that the first start printed; the link's end is missing.", true);
  form.hidden = true;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = {
    setupToken: token,
    name: document.getElementById("name").value,
    password: document.getElementById("password").value,
  };
  try {
    const answer = await fetch("/v1/setup", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const result = await answer.json();
    if (!answer.ok) return say(result.title + " " + result.detail, true);
    form.hidden = true;
    say("Operator '" + result.name + "' is made. Sign in by POST /v1/sessions, or see /docs.", false);
  } catch (error) {
    say("The site cannot be reached: " + error.message, true);
  }
});
