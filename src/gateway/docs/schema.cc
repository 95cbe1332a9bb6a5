#include "gateway/docs/schema.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/json_codec.h"
#include "gateway/api/json_text.h"
#include "gateway/docs/comments.h"
#include "imece/api/v1/options.pb.h"

namespace imece::gateway {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;
using Rules = imece::api::v1::FieldRules;

constexpr std::uint32_t kStringMax = 1024;
constexpr std::uint32_t kBytesMax = 64 * 1024;
constexpr std::uint32_t kItemsMax = 1000;
constexpr char kBase64[] =
    "^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2}(?:==)?|[A-Za-z0-9+/_-]{3}=?)?$";
constexpr char kDuration[] = "^-?[0-9]{1,12}(?:\\.[0-9]{1,9})?s$";

const Rules& rules_of(const Field& field) {
    return field.options().GetExtension(imece::api::v1::field);
}

/// "imece.messaging.v1.Message" → "messaging.Message".
std::string component_name(const pb::Descriptor& type, Direction direction) {
    std::string name = type.full_name();
    const std::string& package = type.file()->package();
    const std::size_t from = package.find('.') + 1;
    name = package.substr(from, package.find('.', from) - from) + name.substr(package.size());
    return direction == Direction::kIn ? name + "Input" : name;
}

json::object string_schema(const Rules& rules, Direction direction) {
    json::object schema{{"type", "string"}};
    if (direction == Direction::kOut) return schema;
    const std::uint32_t least = std::max(rules.min_length(), rules.required() ? 1u : 0u);
    if (least > 0) schema["minLength"] = least;
    schema["maxLength"] = rules.max_length() > 0 ? rules.max_length() : kStringMax;
    if (!rules.pattern().empty())
        schema["pattern"] = rules.required() || least > 0 ? "^(?:" + rules.pattern() + ")$"
                                                          : "^(?:" + rules.pattern() + ")?$";
    return schema;
}

json::object bytes_schema(const Rules& rules, Direction direction) {
    json::object schema{{"type", "string"}, {"contentEncoding", "base64"}, {"pattern", kBase64}};
    if (direction == Direction::kOut) return schema;
    // Lengths of text: without padding at least, with it at most.
    const std::uint32_t least = std::max(rules.min_length(), rules.required() ? 1u : 0u);
    const std::uint32_t most = rules.max_length() > 0 ? rules.max_length() : kBytesMax;
    if (rules.required()) schema["minLength"] = (least * 4 + 2) / 3;
    schema["maxLength"] = (most + 2) / 3 * 4;
    return schema;
}

json::object integer_schema(const Field& field, const Rules& rules, Direction direction) {
    const bool is_signed =
        field.cpp_type() == Field::CPPTYPE_INT32 || field.cpp_type() == Field::CPPTYPE_INT64;
    const bool wide =
        field.cpp_type() == Field::CPPTYPE_INT64 || field.cpp_type() == Field::CPPTYPE_UINT64;
    json::object schema;
    if (wide) {
        // 64 bits do not fit into JavaScript's numbers: they travel as text.
        schema["type"] = direction == Direction::kOut
                             ? json::value("string")
                             : json::value(json::array{"string", "integer"});
        schema["format"] = is_signed ? "int64" : "uint64";
        schema["pattern"] = is_signed ? "^-?[0-9]{1,18}$" : "^[0-9]{1,19}$";
        if (direction == Direction::kIn && !is_signed) schema["minimum"] = 0;
        return schema;
    }
    schema = {{"type", "integer"}, {"format", is_signed ? "int32" : "uint32"}};
    std::int64_t least = is_signed ? INT32_MIN : 0;
    std::int64_t most = is_signed ? std::int64_t(INT32_MAX) : std::int64_t(UINT32_MAX);
    if (rules.minimum() < rules.maximum()) {
        least = static_cast<std::int64_t>(rules.minimum());
        most = static_cast<std::int64_t>(rules.maximum());
    }
    if (rules.required() && least == 0) least = 1;
    schema["minimum"] = least;
    schema["maximum"] = most;
    return schema;
}

json::object enum_schema(const pb::EnumDescriptor& type, Direction direction) {
    json::array names;
    for (int i = 0; i < type.value_count(); ++i)
        if (direction == Direction::kOut || type.value(i)->number() != 0)
            names.push_back(json::string(type.value(i)->name()));
    return {{"type", "string"}, {"enum", std::move(names)}};
}

json::string described(std::string_view text) {
    return json::string(text.data(), text.size());
}

}  // namespace

json::object Schemas::value(const Field& field, Direction direction) {
    const Rules& rules = rules_of(field);
    switch (field.cpp_type()) {
        case Field::CPPTYPE_STRING:
            return field.type() == Field::TYPE_BYTES ? bytes_schema(rules, direction)
                                                     : string_schema(rules, direction);
        case Field::CPPTYPE_BOOL: return {{"type", "boolean"}};
        case Field::CPPTYPE_ENUM: return enum_schema(*field.enum_type(), direction);
        case Field::CPPTYPE_INT32:
        case Field::CPPTYPE_UINT32:
        case Field::CPPTYPE_INT64:
        case Field::CPPTYPE_UINT64: return integer_schema(field, rules, direction);
        case Field::CPPTYPE_FLOAT:
        case Field::CPPTYPE_DOUBLE: {
            json::object schema{{"type", "number"}, {"format", "double"}};
            if (rules.minimum() < rules.maximum()) {
                schema["minimum"] = rules.minimum();
                schema["maximum"] = rules.maximum();
            }
            return schema;
        }
        case Field::CPPTYPE_MESSAGE: break;
    }
    if (is_timestamp(field.message_type())) return {{"type", "string"}, {"format", "date-time"}};
    if (is_duration(field.message_type())) return {{"type", "string"}, {"pattern", kDuration}};
    return reference(*field.message_type(), direction);
}

json::object Schemas::field(const Field& field, Direction direction) {
    const Rules& rules = rules_of(field);
    json::object schema = value(field, direction);
    if (!rules.example().empty()) schema["examples"] = json::array{example_of(field)};
    if (field.is_repeated()) {
        json::object list{{"type", "array"}, {"items", std::move(schema)}};
        if (direction == Direction::kIn) {
            list["maxItems"] = rules.max_items() > 0 ? rules.max_items() : kItemsMax;
            if (rules.required()) list["minItems"] = 1;
        }
        schema = std::move(list);
    }
    if (const auto comment = comment_on(field.full_name()); !comment.empty())
        schema["description"] = described(comment);
    return schema;
}

json::object Schemas::object(const pb::Descriptor& type, Direction direction,
                             const std::set<std::string>& without) {
    json::object properties;
    json::array required;
    for (int i = 0; i < type.field_count(); ++i) {
        const Field& one = *type.field(i);
        if (without.contains(one.name())) continue;
        const json::string name(one.json_name());
        properties[name] = field(one, direction);
        // What has no presence is always written; what is asked for is said by the rules.
        if (direction == Direction::kOut ? !one.has_presence() : rules_of(one).required())
            required.push_back(name);
    }
    json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
    if (!required.empty()) schema["required"] = std::move(required);
    if (direction == Direction::kIn) schema["additionalProperties"] = false;
    if (const auto comment = comment_on(type.full_name()); !comment.empty())
        schema["description"] = described(comment);
    return schema;
}

json::object Schemas::reference(const pb::Descriptor& type, Direction direction) {
    const std::string name = component_name(type, direction);
    if (!components_.contains(name)) {
        components_[name] = nullptr;  // A type that holds itself finds its name taken.
        components_[name] = object(type, direction, {});
    }
    return {{"$ref", "#/components/schemas/" + name}};
}

json::value example_of(const Field& field) {
    const Rules& rules = rules_of(field);
    const std::string& given = rules.example();
    switch (field.cpp_type()) {
        case Field::CPPTYPE_STRING: {
            if (field.type() != Field::TYPE_BYTES)
                return json::string(given.empty() ? "text" : given);
            std::string text;
            append_base64(text, std::string(std::max(rules.min_length(), 3u), '\0'));
            return json::string(text);
        }
        case Field::CPPTYPE_BOOL: return true;
        case Field::CPPTYPE_ENUM: {
            const auto& type = *field.enum_type();
            return json::string(type.value(std::min(1, type.value_count() - 1))->name());
        }
        case Field::CPPTYPE_INT32:
        case Field::CPPTYPE_UINT32:
            return given.empty() ? static_cast<std::int64_t>(std::max(rules.minimum(), 1.0))
                                 : std::stoll(given);
        case Field::CPPTYPE_INT64:
        case Field::CPPTYPE_UINT64: return json::string(given.empty() ? "1" : given);
        case Field::CPPTYPE_FLOAT:
        case Field::CPPTYPE_DOUBLE:
            return given.empty() ? std::max(rules.minimum(), 0.5) : std::stod(given);
        case Field::CPPTYPE_MESSAGE: break;
    }
    if (is_timestamp(field.message_type())) return "2023-02-06T01:17:34.000Z";
    if (is_duration(field.message_type())) return "3600s";
    return example_of(*field.message_type(), {});
}

json::value example_of(const pb::Descriptor& type, const std::set<std::string>& without) {
    json::object example;
    for (int i = 0; i < type.field_count(); ++i) {
        const Field& field = *type.field(i);
        if (without.contains(field.name())) continue;
        // What nobody must send is shown where it says what it looks like; a type may hold itself.
        if (!rules_of(field).required() && rules_of(field).example().empty() &&
            field.cpp_type() != Field::CPPTYPE_STRING)
            continue;
        json::value value = example_of(field);
        example[json::string(field.json_name())] =
            field.is_repeated() ? json::value(json::array{std::move(value)}) : std::move(value);
    }
    return example;
}

}  // namespace imece::gateway
