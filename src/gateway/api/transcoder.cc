#include "gateway/api/transcoder.h"

#include <algorithm>
#include <set>

#include "base/result.h"
#include "gateway/api/contracts.h"
#include "gateway/api/json_codec.h"
#include "gateway/api/uri.h"
#include "google/api/annotations.pb.h"
#include "imece/api/v1/options.pb.h"

namespace imece::gateway {
namespace {

namespace pb = google::protobuf;

std::unexpected<Error> unservable(const pb::MethodDescriptor& method, std::string_view why) {
    return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                method.full_name() + ": " + std::string(why));
}

struct Verb {
    std::string method;
    std::string path;
};

Verb verb_of(const google::api::HttpRule& rule) {
    switch (rule.pattern_case()) {
        case google::api::HttpRule::kGet: return {"GET", rule.get()};
        case google::api::HttpRule::kPut: return {"PUT", rule.put()};
        case google::api::HttpRule::kPost: return {"POST", rule.post()};
        case google::api::HttpRule::kDelete: return {"DELETE", rule.delete_()};
        case google::api::HttpRule::kPatch: return {"PATCH", rule.patch()};
        case google::api::HttpRule::kCustom: return {rule.custom().kind(), rule.custom().path()};
        case google::api::HttpRule::PATTERN_NOT_SET: break;
    }
    return {};
}

const pb::FieldDescriptor* field_named(const pb::Descriptor& type, std::string_view name) {
    for (int i = 0; i < type.field_count(); ++i)
        if (type.field(i)->name() == name || type.field(i)->json_name() == name)
            return type.field(i);
    return nullptr;
}

/// Walks to the message that holds the last field of `path`, making the ones between.
Status set_at(pb::Message& root, std::string_view path, std::string_view text) {
    pb::Message* message = &root;
    for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
        const auto* field = field_named(*message->GetDescriptor(), path.substr(0, dot));
        message = message->GetReflection()->MutableMessage(message, field);
        path.remove_prefix(dot + 1);
    }
    return set_from_text(*message, *field_named(*message->GetDescriptor(), path), text);
}

std::unexpected<Error> bad_query(std::string message) {
    return fail(ErrorCode::kInvalidArgument, "QUERY_INVALID", std::move(message));
}

/// Both spellings of a field's path, as one: "node.last_heard" and "node.lastHeard".
std::string one_spelling(std::string_view path) {
    std::string plain;
    for (const char c : path)
        if (c != '_') plain += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return plain;
}

/// Fields that the path or the body sets are no query parameters.
bool is_query_field(const Transcoder::Match& match, std::string_view path) {
    const auto* top =
        field_named(*match.operation->method->input_type(), path.substr(0, path.find('.')));
    if (match.operation->whole_body || (top != nullptr && match.operation->body_field == top))
        return false;
    return std::ranges::none_of(match.bindings, [&](const Router::Binding& binding) {
        return one_spelling(binding.first) == one_spelling(path);
    });
}

}  // namespace

const pb::FieldDescriptor* find_field(const pb::Descriptor& type, std::string_view path) {
    const pb::Descriptor* at = &type;
    while (true) {
        const std::size_t dot = path.find('.');
        const auto* field = field_named(*at, path.substr(0, dot));
        if (field == nullptr || dot == std::string_view::npos) return field;
        if (field->is_repeated() || field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE ||
            is_timestamp(field->message_type()) || is_duration(field->message_type()))
            return nullptr;
        at = field->message_type();
        path.remove_prefix(dot + 1);
    }
}

Result<Transcoder> Transcoder::make(const std::vector<const pb::ServiceDescriptor*>& services,
                                    pb::MessageFactory& factory) {
    Transcoder transcoder;
    for (const auto* service : services)
        for (int i = 0; i < service->method_count(); ++i)
            IMECE_CHECK(transcoder.add(*service->method(i), factory));
    return transcoder;
}

Status Transcoder::add(const pb::MethodDescriptor& method, pb::MessageFactory& factory) {
    const auto& rule = method.options().GetExtension(google::api::http);
    const auto& rules = method.options().GetExtension(imece::api::v1::rules);
    if (!has_json_form(*method.input_type()) || !has_json_form(*method.output_type()))
        return unservable(method, "holds a type without a JSON form");

    const auto make = [&] {
        auto operation = std::make_unique<Operation>();
        operation->rpc = "/" + method.service()->full_name() + "/" + method.name();
        operation->service = module_of(*method.service());
        operation->method = &method;
        operation->server_stream = method.server_streaming();
        operation->anyone =
            std::ranges::find(rules.allow(), imece::api::v1::ANYONE) != rules.allow().end();
        if (rules.success_status() != 0) operation->success_status = rules.success_status();
        operation->request = factory.GetPrototype(method.input_type());
        operation->response = factory.GetPrototype(method.output_type());
        return operation;
    };
    if (!method.options().HasExtension(google::api::http)) {
        others_.push_back(make());
        return {};
    }
    if (method.client_streaming())
        return unservable(method, "a stream of requests has no REST form");

    std::vector<const google::api::HttpRule*> bindings{&rule};
    for (const auto& more : rule.additional_bindings()) bindings.push_back(&more);
    for (const auto* binding : bindings) {
        auto operation = make();
        const Verb verb = verb_of(*binding);
        operation->http_method = verb.method;
        operation->path = verb.path;
        operation->whole_body = binding->body() == "*";
        if (!operation->whole_body && !binding->body().empty()) {
            operation->body_field = field_named(*method.input_type(), binding->body());
            if (operation->body_field == nullptr || operation->body_field->is_repeated() ||
                operation->body_field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE)
                return unservable(method, "the body's field is one message");
        }
        IMECE_CHECK(router_.add(verb.method, verb.path, operations_.size()));
        for (std::size_t at = verb.path.find('{'); at != std::string::npos;
             at = verb.path.find('{', at + 1)) {
            std::string name = verb.path.substr(at + 1, verb.path.find_first_of("=}", at) - at - 1);
            const auto* field = find_field(*method.input_type(), name);
            if (field == nullptr || field->is_repeated())
                return unservable(method, "the path names a field that is not there");
        }
        operations_.push_back(std::move(operation));
    }
    return {};
}

const Operation* Transcoder::find_rpc(std::string_view full_name) const {
    const auto found = std::ranges::find_if(
        others_, [&](const auto& other) { return other->method->full_name() == full_name; });
    return found == others_.end() ? nullptr : found->get();
}

Result<Transcoder::Match> Transcoder::route(std::string_view http_method,
                                            std::string_view path) const {
    IMECE_TRY(Router::Match found, router_.find(http_method, path));
    return Match{operations_[found.target].get(), std::move(found.bindings)};
}

Result<std::unique_ptr<pb::Message>> Transcoder::bind(const Match& match,
                                                      std::string_view query) const {
    std::unique_ptr<pb::Message> request(match.operation->request->New());
    const pb::Descriptor& type = *request->GetDescriptor();
    if (!query.empty()) {
        IMECE_TRY(const auto parameters, parse_query(query));
        std::set<std::string> set;
        for (const auto& [name, value] : parameters) {
            const auto* field = find_field(type, name);
            if (field == nullptr || !is_query_field(match, name))
                return bad_query("unknown parameter '" + name.substr(0, 64) + "'");
            if (!set.insert(one_spelling(name)).second && !field->is_repeated())
                return bad_query("'" + name + "' stands there twice");
            IMECE_CHECK(set_at(*request, name, value));
        }
    }
    for (const auto& [path, text] : match.bindings) IMECE_CHECK(set_at(*request, path, text));
    return request;
}

Status Transcoder::bind_body(const Operation& operation, std::string_view body,
                             pb::Message& request) const {
    if (body.empty()) return {};
    if (!operation.takes_body())
        return fail(ErrorCode::kInvalidArgument, "BODY_MISMATCH", "this route takes no body");
    if (operation.body_field != nullptr)
        return read_json(body,
                         *request.GetReflection()->MutableMessage(&request, operation.body_field));

    // What the path says wins over what the body says of the same field.
    std::unique_ptr<pb::Message> whole(request.New());
    IMECE_CHECK(read_json(body, *whole));
    whole->MergeFrom(request);
    request.GetReflection()->Swap(&request, whole.get());
    return {};
}

}  // namespace imece::gateway
