#include "ledger/domain/authority_set.h"

#include <algorithm>

#include "base/codec.h"

namespace imece::ledger {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint32_t kWeightMax = 1'000'000;

std::unexpected<Error> invalid(const char* why) {
    return fail(ErrorCode::kInvalidArgument, "AUTHORITY_SET_INVALID", why);
}

}  // namespace

AuthorityId authority_id_of(const crypto::PublicKey& key) {
    return AuthorityId{crypto::device_id_of(key).bytes};
}

Result<AuthoritySet> AuthoritySet::make(std::uint64_t epoch, std::vector<Authority> authorities) {
    if (authorities.empty()) return invalid("a set has one authority at least");
    if (authorities.size() > kAuthoritiesMax) return invalid("a set has at most 100 authorities");
    std::ranges::sort(authorities, {}, &Authority::id);
    AuthoritySet set;
    for (std::size_t i = 0; i < authorities.size(); ++i) {
        if (i > 0 && authorities[i].key == authorities[i - 1].key)
            return invalid("an authority comes twice");
        if (authorities[i].weight == 0 || authorities[i].weight > kWeightMax)
            return invalid("a weight is between 1 and 1 000 000");
        set.total_ += authorities[i].weight;
    }
    if (authorities.size() >= kFaultTolerantFrom)
        for (const Authority& one : authorities)
            if (3 * std::uint64_t(one.weight) >= set.total_)
                return invalid("one authority holds a third of the weight or more");
    set.epoch_ = epoch;
    set.authorities_ = std::move(authorities);
    set.hash_ = crypto::sha256(view_of(set.encode()));
    return set;
}

const Authority* AuthoritySet::find(const AuthorityId& id) const {
    const auto at = std::ranges::lower_bound(authorities_, id, {}, &Authority::id);
    return at != authorities_.end() && at->id() == id ? &*at : nullptr;
}

std::vector<AuthorityId> AuthoritySet::stops_without() const {
    std::vector<AuthorityId> stops;
    for (const Authority& one : authorities_)
        if (!is_quorum(total_ - one.weight)) stops.push_back(one.id());
    return stops;
}

const Authority& AuthoritySet::proposer(std::uint64_t height, std::uint32_t round) const {
    return authorities_[(height + round) % authorities_.size()];
}

std::string AuthoritySet::encode() const {
    Encoder out(kFormat);
    out.number(epoch_).number(std::uint32_t(authorities_.size()));
    for (const Authority& one : authorities_) out.fixed(one.key).number(one.weight);
    return out.take();
}

Result<AuthoritySet> AuthoritySet::decode(std::string_view bytes) {
    Decoder in(bytes);
    const auto epoch = in.number<std::uint64_t>();
    const auto count = in.number<std::uint32_t>();
    if (in.version() != kFormat || count > kAuthoritiesMax) return invalid("not a set of ours");
    std::vector<Authority> authorities;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto key = in.fixed<32>();
        authorities.push_back({key, in.number<std::uint32_t>()});
    }
    if (!in.ok()) return invalid("the set is malformed");
    return make(epoch, std::move(authorities));
}

}  // namespace imece::ledger
