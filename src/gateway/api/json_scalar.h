// One value of a protobuf field from its JSON form.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace imece::gateway {

/// What a JSON scalar may be.
struct JsonNumber {
    enum class Kind { kSigned, kUnsigned, kReal };
    Kind kind = Kind::kSigned;
    std::int64_t signed_value = 0;
    std::uint64_t unsigned_value = 0;
    double real = 0;
};

/// The field of `message` to which a value goes: set where it is single, added where it is repeated.
/// Each method answers with what the field wants instead, or nullptr when the value was taken.
class FieldSink {
public:
    FieldSink(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field)
        : message_(message), field_(field), reflection_(*message.GetReflection()) {}

    const char* take_string(std::string_view text);
    const char* take_number(const JsonNumber& number);
    const char* take_bool(bool value);

    /// What the field wants, in words: "a string of base64".
    const char* wanted() const;

private:
    const char* take_time(std::string_view text);
    const char* take_duration(std::string_view text);
    const char* take_integer_text(std::string_view text);
    google::protobuf::Message& submessage();
    template <class Value, class Set, class Add>
    const char* put(Value value, Set set, Add add);

    google::protobuf::Message& message_;
    const google::protobuf::FieldDescriptor& field_;
    const google::protobuf::Reflection& reflection_;
};

}  // namespace imece::gateway
