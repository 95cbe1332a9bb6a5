#include "gateway/docs/comments.h"

#include <google/protobuf/descriptor.pb.h>

#include <vector>

#include "base/assert.h"
#include "gateway/docs/embedded.h"

namespace imece::gateway {
namespace {

namespace pb = google::protobuf;
using Comments = std::map<std::string, std::string, std::less<>>;
using Path = std::vector<int>;
using Names = std::map<Path, std::string>;

/// Field numbers in descriptor.proto, of which the paths of source locations are made.
constexpr int kMessages = 4, kEnums = 5, kServices = 6;
constexpr int kFields = 2, kNested = 3, kNestedEnums = 4, kValues = 2, kMethods = 2;

Path below(Path path, int kind, int index) {
    path.push_back(kind);
    path.push_back(index);
    return path;
}

void name_enum(const pb::EnumDescriptorProto& type, const std::string& scope, const Path& path,
               Names& names) {
    const std::string name = scope + "." + type.name();
    names[path] = name;
    for (int i = 0; i < type.value_size(); ++i)
        names[below(path, kValues, i)] = name + "." + type.value(i).name();
}

void name_message(const pb::DescriptorProto& type, const std::string& scope, const Path& path,
                  Names& names) {
    const std::string name = scope + "." + type.name();
    names[path] = name;
    for (int i = 0; i < type.field_size(); ++i)
        names[below(path, kFields, i)] = name + "." + type.field(i).name();
    for (int i = 0; i < type.nested_type_size(); ++i)
        name_message(type.nested_type(i), name, below(path, kNested, i), names);
    for (int i = 0; i < type.enum_type_size(); ++i)
        name_enum(type.enum_type(i), name, below(path, kNestedEnums, i), names);
}

Names names_of(const pb::FileDescriptorProto& file) {
    Names names;
    for (int i = 0; i < file.message_type_size(); ++i)
        name_message(file.message_type(i), file.package(), {kMessages, i}, names);
    for (int i = 0; i < file.enum_type_size(); ++i)
        name_enum(file.enum_type(i), file.package(), {kEnums, i}, names);
    for (int i = 0; i < file.service_size(); ++i) {
        const std::string name = file.package() + "." + file.service(i).name();
        names[{kServices, i}] = name;
        for (int m = 0; m < file.service(i).method_size(); ++m)
            names[{kServices, i, kMethods, m}] = name + "." + file.service(i).method(m).name();
    }
    return names;
}

/// One paragraph, without the space that begins each line of a comment.
std::string tidy(const std::string& comment) {
    std::string text;
    for (const char c : comment) {
        const char next = c == '\n' ? ' ' : c;
        if (next == ' ' && (text.empty() || text.back() == ' ')) continue;
        text += next;
    }
    while (text.ends_with(' ')) text.pop_back();
    return text;
}

Comments read_comments() {
    pb::FileDescriptorSet files;
    const std::string_view bytes = embedded_file("contracts.pb");
    IMECE_ASSERT(files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    Comments comments;
    for (const auto& file : files.file()) {
        const Names names = names_of(file);
        for (const auto& location : file.source_code_info().location()) {
            const auto name = names.find(Path(location.path().begin(), location.path().end()));
            std::string text = tidy(location.leading_comments());
            const std::string behind = tidy(location.trailing_comments());
            if (!behind.empty()) text += (text.empty() ? "" : " ") + behind;
            if (name != names.end() && !text.empty()) comments[name->second] = std::move(text);
        }
    }
    return comments;
}

}  // namespace

const Comments& contract_comments() {
    static const Comments comments = read_comments();
    return comments;
}

std::string_view comment_on(std::string_view full_name) {
    const auto found = contract_comments().find(full_name);
    return found == contract_comments().end() ? std::string_view() : found->second;
}

}  // namespace imece::gateway
