#include "replay/world/message_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/result.h"
#include "replay/world/text_json.h"

namespace imece::replay {
namespace {

struct LabelClass {
    std::string_view label;
    Class cls;
};
// The most urgent first: the first label that a row has decides.
constexpr LabelClass kLabels[] = {
    {"search_and_rescue", Class::kLife},
    {"medical_help", Class::kLife},
    {"death", Class::kLife},
    {"child_alone", Class::kLife},
    {"fire", Class::kLife},
    {"missing_people", Class::kSafety},
    {"security", Class::kSafety},
    {"hospitals", Class::kSafety},
    {"medical_products", Class::kSafety},
    {"electricity", Class::kSafety},
    {"refugees", Class::kSafety},
    {"water", Class::kOperational},
    {"food", Class::kOperational},
    {"shelter", Class::kOperational},
    {"clothing", Class::kOperational},
    {"money", Class::kOperational},
    {"tools", Class::kOperational},
    {"aid_centers", Class::kOperational},
    {"other_aid", Class::kOperational},
    {"transport", Class::kOperational},
    {"military", Class::kOperational},
    {"offer", Class::kOperational},
    {"buildings", Class::kMaintenance},
    {"infrastructure_related", Class::kMaintenance},
    {"other_infrastructure", Class::kMaintenance},
    {"shops", Class::kMaintenance},
    {"weather_related", Class::kMaintenance},
    {"floods", Class::kMaintenance},
    {"storm", Class::kMaintenance},
    {"earthquake", Class::kMaintenance},
    {"cold", Class::kMaintenance},
    {"other_weather", Class::kMaintenance},
};

constexpr std::size_t kColumnsMax = 256;
constexpr std::size_t kRowsMax = 2'000'000;

/// Reads one record after the other.
class Rows {
public:
    Rows(std::string_view text, std::string_view file) : text_(text), file_(file) {
        if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    }
    bool ended() const { return at_ >= text_.size(); }
    std::uint32_t line() const { return row_line_; }

    Result<std::vector<std::string>> next() {
        row_line_ = line_;
        std::vector<std::string> fields;
        for (;;) {
            IMECE_TRY(std::string field, this->field());
            fields.push_back(std::move(field));
            if (fields.size() > kColumnsMax)
                return file_error(file_, row_line_,
                                  fmt::format("more than {} columns", kColumnsMax));
            if (ended()) return fields;
            const char c = text_[at_++];
            if (c == ',') continue;
            if (c == '\r' && !ended() && text_[at_] == '\n') ++at_;
            ++line_;
            return fields;
        }
    }

private:
    Result<std::string> field() {
        if (ended() || text_[at_] != '"') return plain();
        const std::uint32_t first_line = line_;
        std::string out;
        for (++at_; !ended(); ++at_) {
            const char c = text_[at_];
            if (c == '\n') ++line_;
            if (c != '"') {
                out.push_back(c);
                continue;
            }
            ++at_;
            if (ended() || text_[at_] == ',' || text_[at_] == '\n' || text_[at_] == '\r')
                return out;
            if (text_[at_] != '"')
                return file_error(file_, line_,
                                  "text follows a closing quote; a quote inside is doubled");
            out.push_back('"');
        }
        return file_error(file_, first_line, "a quoted field has no end");
    }

    Result<std::string> plain() {
        const std::size_t first = at_;
        while (!ended() && text_[at_] != ',' && text_[at_] != '\n' && text_[at_] != '\r') {
            if (text_[at_] == '"')
                return file_error(file_, line_, "a quote in a field that does not begin with one");
            ++at_;
        }
        return std::string(text_.substr(first, at_ - first));
    }

    std::string_view text_;
    std::string_view file_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
    std::uint32_t row_line_ = 1;
};

struct Columns {
    std::size_t text = 0;
    std::size_t count = 0;
    std::vector<std::pair<std::size_t, Class>> labels;  ///< By urgency.
};

Result<Columns> columns_of(const std::vector<std::string>& header, std::string_view file) {
    Columns columns;
    columns.count = header.size();
    auto text = std::ranges::find(header, "message");
    if (text == header.end()) text = std::ranges::find(header, "text");
    if (text == header.end()) return file_error(file, 1, "no column 'message' in the header line");
    columns.text = std::size_t(text - header.begin());
    for (const LabelClass& label : kLabels)
        if (const auto found = std::ranges::find(header, label.label); found != header.end())
            columns.labels.emplace_back(found - header.begin(), label.cls);
    return columns;
}

bool blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

Result<MessageFile> parse_messages(std::string_view text, std::string_view file) {
    Rows rows(text, file);
    if (rows.ended()) return file_error(file, 1, "the file is empty");
    IMECE_TRY(const std::vector<std::string> header, rows.next());
    IMECE_TRY(const Columns columns, columns_of(header, file));
    MessageFile made;
    std::size_t row_count = 0;
    while (!rows.ended()) {
        IMECE_TRY(std::vector<std::string> row, rows.next());
        if (row.size() == 1 && row[0].empty()) continue;  // An empty line, as at many files' end.
        if (++row_count > kRowsMax)
            return file_error(file, rows.line(), fmt::format("more than {} messages", kRowsMax));
        if (row.size() != columns.count)
            return file_error(
                file, rows.line(),
                fmt::format("{} fields where the header has {}", row.size(), columns.count));
        std::string& body = row[columns.text];
        if (blank(body)) {
            made.notes.push_back(
                fmt::format("{}:{}: a message without text was passed over", file, rows.line()));
            continue;
        }
        if (body.size() > kTextBytesMax)
            return file_error(
                file, rows.line(),
                fmt::format("a text of {} bytes; the limit is {}", body.size(), kTextBytesMax));
        TextOfClass entry;
        for (const auto& [column, cls] : columns.labels)
            if (row[column] == "1") {
                entry.cls = cls;
                break;
            }
        entry.text = std::move(body);
        made.texts.push_back(std::move(entry));
    }
    if (made.texts.empty()) return file_error(file, 1, "no message in the file");
    return made;
}

}  // namespace imece::replay
