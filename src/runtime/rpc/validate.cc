// Field rules of the proto options, checked by reflection.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include "base/result.h"
#include "imece/api/v1/options.pb.h"
#include "runtime/rpc/door.h"

namespace imece::runtime {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using imece::api::v1::FieldRules;

constexpr std::uint32_t kStringDefaultMax = 1024;
constexpr std::uint32_t kBytesDefaultMax = 64 * 1024;
constexpr int kItemsDefaultMax = 1000;
constexpr int kDepthMax = 16;

Status wrong(const std::string& path, const std::string& what) {
    return fail(ErrorCode::kInvalidArgument, "FIELD_INVALID", "'" + path + "' " + what);
}

/// Compiled once a pattern; patterns come from our own protos, so their number is small.
const re2::RE2& compiled(const std::string& pattern) {
    static std::mutex mutex;
    static std::map<std::string, std::unique_ptr<re2::RE2>> cache;
    const std::scoped_lock lock(mutex);
    auto& slot = cache[pattern];
    if (!slot) slot = std::make_unique<re2::RE2>(pattern);
    return *slot;
}

std::size_t code_points(std::string_view text) {
    return std::size_t(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

Status check_text(const std::string& value, const FieldDescriptor& field, const FieldRules& rules,
                  const std::string& path) {
    const bool is_bytes = field.type() == FieldDescriptor::TYPE_BYTES;
    const std::size_t length = is_bytes ? value.size() : code_points(value);
    const std::uint32_t most = rules.max_length() != 0 ? rules.max_length()
                               : is_bytes              ? kBytesDefaultMax
                                                       : kStringDefaultMax;
    if (rules.required() && value.empty()) return wrong(path, "is required");
    if (value.empty()) return {};
    if (length < rules.min_length())
        return wrong(path, "is shorter than " + std::to_string(rules.min_length()));
    if (length > most) return wrong(path, "is longer than " + std::to_string(most));
    if (!rules.pattern().empty() && !re2::RE2::FullMatch(value, compiled(rules.pattern())))
        return wrong(path, "does not match " + rules.pattern());
    return {};
}

Status check_number(double value, const FieldRules& rules, const std::string& path) {
    if (rules.required() && value == 0) return wrong(path, "is required");
    if (rules.minimum() < rules.maximum() &&
        !(value >= rules.minimum() && value <= rules.maximum()))
        return wrong(path, "is outside its range");
    return {};
}

double number_value(const Message& message, const FieldDescriptor* field) {
    const Reflection& reflection = *message.GetReflection();
    switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32: return reflection.GetInt32(message, field);
        case FieldDescriptor::CPPTYPE_INT64: return double(reflection.GetInt64(message, field));
        case FieldDescriptor::CPPTYPE_UINT32: return reflection.GetUInt32(message, field);
        case FieldDescriptor::CPPTYPE_UINT64: return double(reflection.GetUInt64(message, field));
        case FieldDescriptor::CPPTYPE_FLOAT: return double(reflection.GetFloat(message, field));
        case FieldDescriptor::CPPTYPE_DOUBLE: return reflection.GetDouble(message, field);
        default: return 1;
    }
}

Status check(const Message& message, const std::string& prefix, int depth);

Status check_enum(int value, const FieldDescriptor* field, const std::string& path) {
    if (field->enum_type()->FindValueByNumber(value) == nullptr)
        return wrong(path, "is no value of its enumeration");
    return {};
}

Status check_repeated(const Message& message, const FieldDescriptor* field, const FieldRules& rules,
                      const std::string& path, int depth) {
    const Reflection& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, field);
    const int most = rules.max_items() != 0 ? int(rules.max_items()) : kItemsDefaultMax;
    if (rules.required() && size == 0) return wrong(path, "is required");
    if (size > most) return wrong(path, "has more than " + std::to_string(most) + " items");
    for (int i = 0; i < size; ++i) {
        const std::string at = path + "[" + std::to_string(i) + "]";
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
            IMECE_CHECK(
                check(reflection.GetRepeatedMessage(message, field, i), at + ".", depth + 1));
        } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
            IMECE_CHECK(
                check_text(reflection.GetRepeatedString(message, field, i), *field, rules, at));
        } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
            IMECE_CHECK(check_enum(reflection.GetRepeatedEnumValue(message, field, i), field, at));
        }
    }
    return {};
}

Status check(const Message& message, const std::string& prefix, int depth) {
    if (depth > kDepthMax) return wrong(prefix, "is nested too deeply");
    const google::protobuf::Descriptor& type = *message.GetDescriptor();
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor* field = type.field(i);
        const FieldRules& rules = field->options().GetExtension(imece::api::v1::field);
        const std::string path = prefix + field->json_name();
        if (field->is_repeated()) {
            IMECE_CHECK(check_repeated(message, field, rules, path, depth));
        } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
            if (reflection.HasField(message, field)) {
                IMECE_CHECK(check(reflection.GetMessage(message, field), path + ".", depth + 1));
            } else if (rules.required()) {
                return wrong(path, "is required");
            }
        } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
            std::string scratch;
            IMECE_CHECK(check_text(reflection.GetStringReference(message, field, &scratch), *field,
                                   rules, path));
        } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
            const int value = reflection.GetEnumValue(message, field);
            IMECE_CHECK(check_enum(value, field, path));
            if (rules.required() && value == 0) return wrong(path, "is required");
        } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_BOOL) {
            IMECE_CHECK(check_number(number_value(message, field), rules, path));
        }
    }
    return {};
}

}  // namespace

Status validate(const Message& message) {
    return check(message, "", 0);
}

}  // namespace imece::runtime
