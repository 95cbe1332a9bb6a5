// write_json and what the codec knows of types.
#include <google/protobuf/message.h>

#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "base/clock.h"
#include "gateway/api/json_codec.h"
#include "gateway/api/json_text.h"

namespace imece::gateway {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

template <class Number>
void append_number(std::string& out, Number value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    out.append(text.data(), end);
}

void append_real(std::string& out, double value) {
    if (std::isnan(value))
        out += "\"NaN\"";
    else if (std::isinf(value))
        out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    else
        append_number(out, value);
}

template <class Number>
void append_quoted(std::string& out, Number value) {
    out += '"';
    append_number(out, value);
    out += '"';
}

class Writer {
public:
    Writer(Defaults defaults, std::string& out) : defaults_(defaults), out_(out) {}

    void object(const pb::Message& message) {
        const pb::Descriptor& type = *message.GetDescriptor();
        const pb::Reflection& reflection = *message.GetReflection();
        out_ += '{';
        bool first = true;
        for (int i = 0; i < type.field_count(); ++i) {
            const Field& field = *type.field(i);
            if (!is_shown(message, reflection, field)) continue;
            if (!first) out_ += ',';
            first = false;
            out_ += '"';
            out_ += field.json_name();
            out_ += "\":";
            if (field.is_repeated())
                array(message, reflection, field);
            else
                value(message, reflection, field, -1);
        }
        out_ += '}';
    }

private:
    bool is_shown(const pb::Message& message, const pb::Reflection& reflection,
                  const Field& field) const {
        const bool always = defaults_ == Defaults::kWrite;
        if (field.is_repeated()) return always || reflection.FieldSize(message, &field) > 0;
        return (always && !field.has_presence()) || reflection.HasField(message, &field);
    }

    void array(const pb::Message& message, const pb::Reflection& reflection, const Field& field) {
        out_ += '[';
        const int size = reflection.FieldSize(message, &field);
        for (int i = 0; i < size; ++i) {
            if (i > 0) out_ += ',';
            value(message, reflection, field, i);
        }
        out_ += ']';
    }

    /// `index` is negative for a single field.
    void value(const pb::Message& m, const pb::Reflection& r, const Field& f, int index) {
        const bool one = index < 0;
        switch (f.cpp_type()) {
            case Field::CPPTYPE_INT32:
                return append_number(out_,
                                     one ? r.GetInt32(m, &f) : r.GetRepeatedInt32(m, &f, index));
            case Field::CPPTYPE_UINT32:
                return append_number(out_,
                                     one ? r.GetUInt32(m, &f) : r.GetRepeatedUInt32(m, &f, index));
            case Field::CPPTYPE_INT64:
                return append_quoted(out_,
                                     one ? r.GetInt64(m, &f) : r.GetRepeatedInt64(m, &f, index));
            case Field::CPPTYPE_UINT64:
                return append_quoted(out_,
                                     one ? r.GetUInt64(m, &f) : r.GetRepeatedUInt64(m, &f, index));
            case Field::CPPTYPE_DOUBLE:
                return append_real(out_,
                                   one ? r.GetDouble(m, &f) : r.GetRepeatedDouble(m, &f, index));
            case Field::CPPTYPE_FLOAT:
                return append_real(out_,
                                   one ? r.GetFloat(m, &f) : r.GetRepeatedFloat(m, &f, index));
            case Field::CPPTYPE_BOOL:
                out_ +=
                    (one ? r.GetBool(m, &f) : r.GetRepeatedBool(m, &f, index)) ? "true" : "false";
                return;
            case Field::CPPTYPE_ENUM:
                return enumerator(
                    f, one ? r.GetEnumValue(m, &f) : r.GetRepeatedEnumValue(m, &f, index));
            case Field::CPPTYPE_STRING: {
                std::string scratch;
                const std::string& text =
                    one ? r.GetStringReference(m, &f, &scratch)
                        : r.GetRepeatedStringReference(m, &f, index, &scratch);
                return f.type() == Field::TYPE_BYTES ? bytes(text) : append_json_string(out_, text);
            }
            case Field::CPPTYPE_MESSAGE:
                return message(one ? r.GetMessage(m, &f) : r.GetRepeatedMessage(m, &f, index));
        }
    }

    void enumerator(const Field& field, int number) {
        // A number that this version does not know stays a number, as the mapping says.
        if (const auto* known = field.enum_type()->FindValueByNumber(number))
            append_json_string(out_, known->name());
        else
            append_number(out_, number);
    }
    void bytes(std::string_view value) {
        out_ += '"';
        append_base64(out_, value);
        out_ += '"';
    }
    void message(const pb::Message& inner) {
        const pb::Descriptor* type = inner.GetDescriptor();
        const bool time = is_timestamp(type);
        if (!time && !is_duration(type)) return object(inner);
        const auto& reflection = *inner.GetReflection();
        const std::int64_t seconds = reflection.GetInt64(inner, type->FindFieldByNumber(1));
        const std::int32_t nanos = reflection.GetInt32(inner, type->FindFieldByNumber(2));
        if (time)
            append_json_string(out_, to_rfc3339(from_unix_ms(seconds * 1000 + nanos / 1'000'000)));
        else
            duration(seconds, nanos);
    }
    void duration(std::int64_t seconds, std::int32_t nanos) {
        out_ += seconds < 0 || nanos < 0 ? "\"-" : "\"";
        append_number(out_, seconds < 0 ? -seconds : seconds);
        if (nanos != 0) {
            std::string fraction = std::to_string(1'000'000'000 + (nanos < 0 ? -nanos : nanos));
            fraction.erase(fraction.find_last_not_of('0') + 1);
            fraction[0] = '.';
            out_ += fraction;
        }
        out_ += "s\"";
    }

    Defaults defaults_;
    std::string& out_;
};

bool has_json_form(const pb::Descriptor& type, std::set<const pb::Descriptor*>& seen) {
    if (is_timestamp(&type) || is_duration(&type) || !seen.insert(&type).second) return true;
    if (type.field_count() > 64 || type.file()->package() == "google.protobuf") return false;
    for (int i = 0; i < type.field_count(); ++i) {
        const Field& field = *type.field(i);
        if (field.is_map() || field.type() == Field::TYPE_GROUP) return false;
        if (field.cpp_type() == Field::CPPTYPE_MESSAGE &&
            !has_json_form(*field.message_type(), seen))
            return false;
    }
    return true;
}

}  // namespace

void write_json(const pb::Message& message, Defaults defaults, std::string& out) {
    Writer(defaults, out).object(message);
}

bool has_json_form(const pb::Descriptor& type) {
    std::set<const pb::Descriptor*> seen;
    return has_json_form(type, seen);
}

bool is_timestamp(const pb::Descriptor* type) {
    return type->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP;
}

bool is_duration(const pb::Descriptor* type) {
    return type->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_DURATION;
}

}  // namespace imece::gateway
