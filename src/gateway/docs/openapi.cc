#include "gateway/docs/openapi.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <set>

#include "base/assert.h"
#include "gateway/api/contracts.h"
#include "gateway/api/json_codec.h"
#include "gateway/api/problem.h"
#include "gateway/docs/comments.h"
#include "gateway/docs/schema.h"
#include "imece/api/v1/options.pb.h"
#include "imece/api/v1/reasons.pb.h"

namespace imece::gateway {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;
namespace api = imece::api::v1;

constexpr char kAbout[] =
    "The REST side of an imece site. Every error is an application/problem+json document with a "
    "stable `reason` "
    "(see /docs/errors) and the `traceId` to report it with. Times are RFC 3339, bytes base64, "
    "64-bit integers "
    "text. Phones may hold a WebSocket at /v1/connect instead: its text frames are the JSON of "
    "imece.messaging.v1.ClientFrame up and ServerFrame down; a browser passes its token as the "
    "protocols "
    "'imece.v1, bearer.<token>'. It is closed with 4000 plus the gRPC code, and the reason in the "
    "close text.";

/// Reasons that any call may give, whatever its service says.
constexpr const char* kAnyCall[] = {
    "PEER_ERROR",        "TOKEN_INVALID",   "TOKEN_EXPIRED",      "TOKEN_REVOKED",
    "FIELD_INVALID",     "OVERLOADED",      "STORE_DOWN",         "STORE_FULL",
    "KEYS_UNAVAILABLE",  "DEADLINE_PASSED", "SHUTTING_DOWN",      "INTERNAL_ERROR",
    "DATA_MALFORMED",    "ROUTE_UNKNOWN",   "METHOD_NOT_ALLOWED", "BODY_MISMATCH",
    "REQUEST_TOO_LARGE", "RATE_LIMITED",    "QUERY_INVALID",      "HTTP_MALFORMED"};

using Reasons = std::map<int, std::set<std::string>>;  ///< By HTTP status.

void add_reason(Reasons& reasons, const std::string& name) {
    const auto* value = api::Reason_descriptor()->FindValueByName(name);
    IMECE_ASSERT(value != nullptr);
    const ErrorCode code = code_named(value->options().GetExtension(api::info).code());
    reasons[http_status(Error{code, value->name(), {}})].insert(name);
}

Reasons reasons_of(const Operation& operation) {
    Reasons reasons;
    for (const char* name : kAnyCall) add_reason(reasons, name);
    const auto& rules = operation.method->options().GetExtension(api::rules);
    for (const auto& name : rules.reasons()) add_reason(reasons, name);
    if (!operation.anyone)
        for (const char* name : {"TOKEN_MISSING", "ROLE_MISSING"}) add_reason(reasons, name);
    if (operation.takes_body())
        for (const char* name : {"BODY_NOT_JSON", "MEDIA_TYPE_UNSUPPORTED"})
            add_reason(reasons, name);
    reasons[431].insert("REQUEST_TOO_LARGE");
    reasons[501].insert("PEER_ERROR");  // The process does not run the service.
    reasons[503].insert("PEER_ERROR");  // The service cannot be reached.
    return reasons;
}

json::string text(std::string_view view) {
    return json::string(view.data(), view.size());
}

json::object headers(int status) {
    json::object all{{"traceparent", {{"$ref", "#/components/headers/traceparent"}}}};
    if (status == 401) all["www-authenticate"] = {{"schema", {{"type", "string"}}}};
    if (status == 405) all["allow"] = {{"schema", {{"type", "string"}}}};
    if (status == 429 || status == 503)
        all["retry-after"] = {{"description", "Seconds."},
                              {"schema", {{"type", "integer"}, {"minimum", 1}}}};
    return all;
}

json::object problem_response(int status, const std::set<std::string>& names) {
    std::string description(status_phrase(status));
    description += ":";
    json::array listed;
    for (const std::string& name : names) {
        description += (listed.empty() ? " " : ", ") + name;
        listed.push_back(json::string(name));
    }
    return {{"description", description},
            {"headers", headers(status)},
            {"content",
             {{"application/problem+json",
               {{"schema",
                 {{"allOf",
                   json::array{json::object{{"$ref", "#/components/schemas/Problem"}},
                               json::object{{"properties",
                                             {{"reason", {{"enum", std::move(listed)}}}}}}}}}}}}}}};
}

json::object success_response(const Operation& operation, Schemas& schemas) {
    if (operation.server_stream)
        return {{"description", "Server-Sent Events; the data of each is the JSON of " +
                                    operation.method->output_type()->full_name() +
                                    ". An event named 'error' holds a problem document."},
                {"headers", headers(200)},
                {"content", {{"text/event-stream", {{"schema", {{"type", "string"}}}}}}}};
    return {
        {"description", status_phrase(operation.success_status).data()},
        {"headers", headers(200)},
        {"content",
         {{"application/json",
           {{"schema", schemas.reference(*operation.method->output_type(), Direction::kOut)}}}}}};
}

/// The fields that the path sets.
std::set<std::string> path_fields(const Operation& operation) {
    std::set<std::string> names;
    const std::string& path = operation.path;
    for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1))
        names.insert(path.substr(at + 1, path.find_first_of("=}", at) - at - 1));
    return names;
}

json::object parameter(const pb::FieldDescriptor& field, const std::string& name, const char* in,
                       Schemas& schemas) {
    json::object schema = schemas.field(field, Direction::kIn);
    const bool in_path = std::string_view(in) == "path";
    if (in_path && field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) schema["minLength"] = 1;
    json::object made{{"name", name}, {"in", in}};
    made["required"] = in_path || field.options().GetExtension(api::field).required();
    if (const auto* description = schema.if_contains("description"))
        made["description"] = *description;
    schema.erase("description");
    made["schema"] = std::move(schema);
    return made;
}

/// Fields of nested messages are named by their path: "filter.namePart".
void add_query(const pb::Descriptor& type, const std::string& prefix,
               const std::set<std::string>& without, Schemas& schemas, json::array& parameters) {
    constexpr int kDepth = 2;
    for (int i = 0; i < type.field_count(); ++i) {
        const auto& field = *type.field(i);
        if (without.contains(field.name())) continue;
        const std::string name = prefix + field.json_name();
        const bool plain = field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE ||
                           is_timestamp(field.message_type()) || is_duration(field.message_type());
        if (plain)
            parameters.push_back(parameter(field, name, "query", schemas));
        else if (!field.is_repeated() && std::ranges::count(name, '.') < kDepth)
            add_query(*field.message_type(), name + ".", {}, schemas, parameters);
    }
}

json::array parameters_of(const Operation& operation, Schemas& schemas) {
    json::array parameters;
    const auto& type = *operation.method->input_type();
    std::set<std::string> set = path_fields(operation);
    for (const std::string& name : set)
        parameters.push_back(parameter(*find_field(type, name), name, "path", schemas));
    if (operation.body_field != nullptr) set.insert(operation.body_field->name());
    if (!operation.whole_body) add_query(type, "", set, schemas, parameters);
    parameters.push_back({{"$ref", "#/components/parameters/traceparent"}});
    if (!operation.server_stream)
        parameters.push_back({{"$ref", "#/components/parameters/timeout"}});
    return parameters;
}

json::object body_of(const Operation& operation, Schemas& schemas) {
    const auto without = path_fields(operation);
    const auto& type = operation.body_field != nullptr ? *operation.body_field->message_type()
                                                       : *operation.method->input_type();
    json::object schema = operation.body_field != nullptr
                              ? schemas.reference(type, Direction::kIn)
                              : schemas.object(type, Direction::kIn, without);
    const bool needed = operation.body_field != nullptr || schema.contains("required");
    return {{"required", needed},
            {"content",
             {{"application/json",
               {{"schema", std::move(schema)}, {"example", example_of(type, without)}}}}}};
}

std::string who_may(const api::MethodRules& rules) {
    if (rules.allow().empty()) return "Any signed-in user or device may call this.";
    std::string who;
    for (const int actor : rules.allow()) {
        if (actor == api::ANYONE) return "No token is needed.";
        who += (who.empty() ? "" : ", ") + api::Actor_Name(static_cast<api::Actor>(actor));
    }
    return "Needs one of: " + who + ".";
}

json::object operation_object(const Operation& operation, Schemas& schemas) {
    const auto& rules = operation.method->options().GetExtension(api::rules);
    const std::string_view comment = comment_on(operation.method->full_name());
    json::object object{{"operationId", operation.method->name()},
                        {"tags", json::array{json::string(operation.service)}}};
    std::string summary(comment.substr(0, comment.find(". ")));
    if (summary.ends_with('.')) summary.pop_back();
    object["summary"] = summary.empty() ? operation.method->name() : summary;
    object["description"] = std::string(comment) + (comment.empty() ? "" : "\n\n") + who_may(rules);
    object["security"] =
        operation.anyone ? json::array() : json::array{json::object{{"bearer", json::array()}}};
    object["parameters"] = parameters_of(operation, schemas);
    if (operation.takes_body()) object["requestBody"] = body_of(operation, schemas);

    json::object responses;
    responses[std::to_string(operation.success_status)] = success_response(operation, schemas);
    for (const auto& [status, names] : reasons_of(operation))
        responses[std::to_string(status)] = problem_response(status, names);
    object["responses"] = std::move(responses);
    return object;
}

json::object problem_schema() {
    const json::object string{{"type", "string"}};
    return {{"type", "object"},
            {"description", "RFC 9457. 'reason' is stable; 'detail' is for people."},
            {"required", {"type", "title", "status", "detail", "code", "reason", "traceId"}},
            {"properties",
             {{"type", {{"type", "string"}, {"format", "uri-reference"}}},
              {"title", string},
              {"status", {{"type", "integer"}, {"minimum", 400}, {"maximum", 599}}},
              {"detail", string},
              {"code", string},
              {"reason", string},
              {"traceId", {{"type", "string"}, {"pattern", "^[0-9a-f]{32}$"}}}}}};
}

json::object components(Schemas& schemas) {
    json::object all = schemas.components();
    all["Problem"] = problem_schema();
    return {
        {"schemas", std::move(all)},
        {"securitySchemes",
         {{"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}}}},
        {"headers",
         {{"traceparent",
           {{"description", "W3C trace context of the call."}, {"schema", {{"type", "string"}}}}}}},
        {"parameters",
         {{"traceparent",
           {{"name", "traceparent"},
            {"in", "header"},
            {"description", "W3C trace context, carried on."},
            {"schema",
             {{"type", "string"}, {"pattern", "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"}}}}},
          {"timeout",
           {{"name", "x-timeout-ms"},
            {"in", "header"},
            {"description", "How long the answer may take; 30000 without it."},
            {"schema", {{"type", "integer"}, {"minimum", 1000}, {"maximum", 60000}}}}}}}};
}

}  // namespace

std::string openapi_json(const Transcoder& transcoder, std::string_view version) {
    Schemas schemas;
    json::object paths;
    json::array tags;
    std::set<std::string> tagged;
    for (const auto& operation : transcoder.operations()) {
        std::string method = operation->http_method;
        std::ranges::transform(method, method.begin(),
                               [](char c) { return static_cast<char>(c | 32); });
        if (!paths.contains(operation->path)) paths[operation->path] = json::object();
        paths[operation->path].as_object()[method] = operation_object(*operation, schemas);
        if (tagged.insert(operation->service).second)
            tags.push_back(
                {{"name", operation->service},
                 {"description", text(comment_on(operation->method->service()->full_name()))}});
    }
    const json::object document{
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "imece"},
          {"version", text(version)},
          {"description", kAbout},
          {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
        {"servers", json::array{json::object{{"url", "/"}}}},
        {"tags", std::move(tags)},
        {"paths", std::move(paths)},
        {"components", components(schemas)}};
    return json::serialize(document);
}

std::string openapi_json(std::string_view version) {
    const auto transcoder = Transcoder::make(contracts(), *pb::MessageFactory::generated_factory());
    IMECE_ASSERT(transcoder.has_value());
    return openapi_json(*transcoder, version);
}

}  // namespace imece::gateway
