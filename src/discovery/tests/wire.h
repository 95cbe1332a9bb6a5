// A phone that signs reports.
#pragma once

#include <initializer_list>
#include <string>

#include "base/bytes.h"
#include "crypto/crypto.h"
#include "discovery/app/report_nodes.h"
#include "discovery/tests/build.h"
#include "imece/discovery/v1/discovery.pb.h"
#include "runtime/rpc/time.h"

namespace imece::discovery {

struct Phone {
    explicit Phone(std::uint8_t number)
        : key([&] {
              crypto::Seed seed{};
              seed[0] = number;
              return seed;
          }()),
          id(crypto::device_id_of(key.public_key())) {}

    v1::NodeReport wire(std::uint64_t sequence, TimePoint at = kStart) const {
        v1::NodeReport out;
        out.set_node_id(std::string(text_of(id.view())));
        out.set_sequence(sequence);
        *out.mutable_at() = runtime::to_proto(at);
        return out;
    }
    SignedReport sign(const v1::NodeReport& report) const {
        std::string bytes = report.SerializeAsString();
        const auto signature = key.sign(crypto::kReportDomain, view_of(bytes));
        return {std::move(bytes), std::string(text_of(signature))};
    }
    SignedReport report(std::uint64_t sequence, TimePoint at = kStart,
                        std::initializer_list<const Phone*> heard = {}, double quality = 1) const {
        v1::NodeReport out = wire(sequence, at);
        for (const Phone* other : heard) {
            auto& neighbour = *out.add_neighbours();
            neighbour.set_node_id(std::string(text_of(other->id.view())));
            neighbour.set_quality(quality);
        }
        return sign(out);
    }

    crypto::SigningKey key;
    NodeId id;
};

}  // namespace imece::discovery
