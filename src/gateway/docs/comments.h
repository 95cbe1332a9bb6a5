// What the contracts say of themselves, in the words of their authors.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace imece::gateway {

/// Full name of a service, method, message, field or enum → the comment that stands before it, or behind it on its line.
/// The binary's own descriptors have none: protoc keeps them in a file of their own, which is compiled in.
const std::map<std::string, std::string, std::less<>>& contract_comments();

/// Empty when there is none.
std::string_view comment_on(std::string_view full_name);

}  // namespace imece::gateway
