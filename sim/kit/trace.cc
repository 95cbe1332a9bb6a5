#include "sim/kit/trace.h"

#include <string>

namespace imece::sim {

void Trace::note(std::string_view who, std::string_view what) {
    std::string line = std::to_string((scheduler_.now() - start_).count());
    line.append(" ").append(who).append(" ").append(what);
    ++lines_;
    if (out_ != nullptr) *out_ << line << '\n';
    line.insert(0, text_of(digest_));
    digest_ = crypto::sha256(view_of(line));
}

}  // namespace imece::sim
