#include "gateway/api/json_scalar.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/clock.h"
#include "gateway/api/json_codec.h"
#include "gateway/api/json_text.h"

namespace imece::gateway {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

constexpr std::int64_t kDurationSecondsMax = 315'576'000'000;

/// A number as an integer of type T, where that loses nothing.
template <class T>
bool integer_of(const JsonNumber& number, T& out) {
    using Limits = std::numeric_limits<T>;
    switch (number.kind) {
        case JsonNumber::Kind::kSigned:
            if (!std::in_range<T>(number.signed_value)) return false;
            out = static_cast<T>(number.signed_value);
            return true;
        case JsonNumber::Kind::kUnsigned:
            if (!std::in_range<T>(number.unsigned_value)) return false;
            out = static_cast<T>(number.unsigned_value);
            return true;
        case JsonNumber::Kind::kReal: {
            // 1.0 and 1e3 are integers to JSON; beyond 2^53 a double no longer names one integer.
            constexpr double kExact = 9007199254740992.0;
            const double real = number.real;
            if (real != std::floor(real) || real > kExact || real < -kExact) return false;
            if (real > static_cast<double>(Limits::max()) ||
                real < static_cast<double>(Limits::min()))
                return false;
            out = static_cast<T>(real);
            return true;
        }
    }
    return false;
}

double real_of(const JsonNumber& number) {
    switch (number.kind) {
        case JsonNumber::Kind::kSigned: return static_cast<double>(number.signed_value);
        case JsonNumber::Kind::kUnsigned: return static_cast<double>(number.unsigned_value);
        case JsonNumber::Kind::kReal: return number.real;
    }
    return 0;
}

template <class T>
bool parse_whole(std::string_view text, T& out) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, out);
    return error == std::errc() && stop == end;
}

}  // namespace

template <class Value, class Set, class Add>
const char* FieldSink::put(Value value, Set set, Add add) {
    if (field_.is_repeated())
        (reflection_.*add)(&message_, &field_, std::move(value));
    else
        (reflection_.*set)(&message_, &field_, std::move(value));
    return nullptr;
}

pb::Message& FieldSink::submessage() {
    return field_.is_repeated() ? *reflection_.AddMessage(&message_, &field_)
                                : *reflection_.MutableMessage(&message_, &field_);
}

const char* FieldSink::wanted() const {
    switch (field_.cpp_type()) {
        case Field::CPPTYPE_STRING:
            return field_.type() == Field::TYPE_BYTES ? "a string of base64" : "a string";
        case Field::CPPTYPE_BOOL: return "true or false";
        case Field::CPPTYPE_ENUM: return "one of the documented names";
        case Field::CPPTYPE_INT32: return "a 32-bit integer";
        case Field::CPPTYPE_UINT32: return "a 32-bit integer, not negative";
        case Field::CPPTYPE_INT64: return "a 64-bit integer";
        case Field::CPPTYPE_UINT64: return "a 64-bit integer, not negative";
        case Field::CPPTYPE_FLOAT:
        case Field::CPPTYPE_DOUBLE: return "a number";
        case Field::CPPTYPE_MESSAGE: break;
    }
    if (is_timestamp(field_.message_type())) return "an RFC 3339 time";
    if (is_duration(field_.message_type())) return "a duration such as \"90s\"";
    return "an object";
}

const char* FieldSink::take_string(std::string_view text) {
    switch (field_.type()) {
        case Field::TYPE_STRING:
            return put(std::string(text), &pb::Reflection::SetString, &pb::Reflection::AddString);
        case Field::TYPE_BYTES: {
            auto bytes = parse_base64(text);
            if (!bytes) return wanted();
            return put(std::move(*bytes), &pb::Reflection::SetString, &pb::Reflection::AddString);
        }
        case Field::TYPE_ENUM: {
            const auto* value = field_.enum_type()->FindValueByName(std::string(text));
            if (value == nullptr) return wanted();
            return put(value, &pb::Reflection::SetEnum, &pb::Reflection::AddEnum);
        }
        case Field::TYPE_MESSAGE:
            if (is_timestamp(field_.message_type())) return take_time(text);
            if (is_duration(field_.message_type())) return take_duration(text);
            return wanted();
        default: return take_integer_text(text);
    }
}

const char* FieldSink::take_integer_text(std::string_view text) {
    JsonNumber number;
    if (field_.cpp_type() == Field::CPPTYPE_INT64 && parse_whole(text, number.signed_value))
        return take_number(number);
    number.kind = JsonNumber::Kind::kUnsigned;
    if (field_.cpp_type() == Field::CPPTYPE_UINT64 && parse_whole(text, number.unsigned_value))
        return take_number(number);
    return wanted();
}

const char* FieldSink::take_number(const JsonNumber& number) {
    const auto integer = [&](auto value, auto set, auto add) {
        return integer_of(number, value) ? put(value, set, add) : wanted();
    };
    switch (field_.cpp_type()) {
        case Field::CPPTYPE_INT32:
            return integer(std::int32_t(), &pb::Reflection::SetInt32, &pb::Reflection::AddInt32);
        case Field::CPPTYPE_UINT32:
            return integer(std::uint32_t(), &pb::Reflection::SetUInt32, &pb::Reflection::AddUInt32);
        case Field::CPPTYPE_INT64:
            return integer(std::int64_t(), &pb::Reflection::SetInt64, &pb::Reflection::AddInt64);
        case Field::CPPTYPE_UINT64:
            return integer(std::uint64_t(), &pb::Reflection::SetUInt64, &pb::Reflection::AddUInt64);
        case Field::CPPTYPE_DOUBLE:
            return put(real_of(number), &pb::Reflection::SetDouble, &pb::Reflection::AddDouble);
        case Field::CPPTYPE_FLOAT: {
            const double real = real_of(number);
            if (std::abs(real) > static_cast<double>(std::numeric_limits<float>::max()))
                return wanted();
            return put(static_cast<float>(real), &pb::Reflection::SetFloat,
                       &pb::Reflection::AddFloat);
        }
        default: return wanted();
    }
}

const char* FieldSink::take_bool(bool value) {
    if (field_.cpp_type() != Field::CPPTYPE_BOOL) return wanted();
    return put(value, &pb::Reflection::SetBool, &pb::Reflection::AddBool);
}

const char* FieldSink::take_time(std::string_view text) {
    const auto at = parse_rfc3339(text);
    if (!at || to_unix_ms(*at) < -62'135'596'800'000 || to_unix_ms(*at) >= 253'402'300'800'000)
        return wanted();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*at);
    pb::Message& time = submessage();
    const auto* type = time.GetDescriptor();
    time.GetReflection()->SetInt64(&time, type->FindFieldByNumber(1),
                                   seconds.time_since_epoch().count());
    time.GetReflection()->SetInt32(&time, type->FindFieldByNumber(2),
                                   static_cast<std::int32_t>((*at - seconds).count() * 1'000'000));
    return nullptr;
}

const char* FieldSink::take_duration(std::string_view text) {
    // "-1.5s": a sign, seconds, at most nine digits of a fraction.
    if (!text.ends_with('s')) return wanted();
    text.remove_suffix(1);
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    std::int64_t seconds = 0;
    if (whole.empty() || whole.starts_with('-') || !parse_whole(whole, seconds)) return wanted();
    std::uint32_t nanos = 0;
    if (point != std::string_view::npos) {
        std::string fraction(text.substr(point + 1));
        if (fraction.empty() || fraction.size() > 9) return wanted();
        fraction.resize(9, '0');
        if (!parse_whole(fraction, nanos)) return wanted();
    }
    if (seconds > kDurationSecondsMax || (seconds == kDurationSecondsMax && nanos > 0))
        return wanted();
    pb::Message& duration = submessage();
    const auto* type = duration.GetDescriptor();
    const auto signed_nanos = static_cast<std::int32_t>(nanos);
    duration.GetReflection()->SetInt64(&duration, type->FindFieldByNumber(1),
                                       negative ? -seconds : seconds);
    duration.GetReflection()->SetInt32(&duration, type->FindFieldByNumber(2),
                                       negative ? -signed_nanos : signed_nanos);
    return nullptr;
}

}  // namespace imece::gateway
