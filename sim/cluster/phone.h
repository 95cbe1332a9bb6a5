// A phone with its person: writes, carries for others, reads each message once, and wanders about.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/cluster/site.h"

namespace imece::sim {

class Phone;

/// Where phones are: who hears whom by radio, and who lives at the desk.
struct Field {
    std::vector<std::unique_ptr<Site>> sites;
    std::vector<std::unique_ptr<Phone>> phones;
    std::set<std::pair<std::size_t, std::size_t>> radio;  ///< The smaller number first.
    GroupId desk;

    bool hear(std::size_t a, std::size_t b) const { return radio.contains(std::minmax(a, b)); }
    Phone* find(const DeviceId& id) const;
};

/// Keeps what it wrote until a site acknowledged it, and its receipts until their site did. It never crashes: a phone's own
/// memory is the SDK's matter.
class Phone {
public:
    Phone(Stage& stage, Field& field, std::size_t number);

    const DeviceId& id() const { return id_; }
    const crypto::PublicKey& key() const { return key_.public_key(); }
    const std::string& name() const { return name_; }

    /// Goes where `site` is in reach; none: where none is.
    void go(std::optional<std::size_t> site);
    /// A copy on its way to `path`'s last: this phone is `at` on it.
    void carry(std::size_t site, const messaging::OutDelivery& delivery, std::size_t at);
    /// Nothing waits: all that it wrote was answered, and each receipt was taken.
    bool idle() const { return letters_.empty() && receipts_.empty(); }

private:
    struct Letter {
        messaging::Envelope envelope;
        std::string bytes;
        std::string signature;
    };
    struct Receipt {
        messaging::CopyKey copy;
        messaging::End end;
        TimePoint at;
        std::string bytes;
        std::string signature;
        std::string whole;  ///< The wire's SignedReceipt.
    };
    struct Uplink {
        std::size_t site = 0;
        std::uint64_t life = 0;  ///< Of the site.
        std::uint64_t number = 0;
        std::shared_ptr<Connection> connection;
    };

    void write();
    void work();
    void report();
    void keep_connected();
    void receive(std::size_t site, const MessageId& message);
    Receipt make_receipt(const MessageId& message, messaging::End end) const;
    /// The sites that this phone reaches, each with who brings what it sends: itself, or the nearest by radio.
    std::map<std::size_t, DeviceId> reachable() const;
    void submit(std::size_t site, const std::shared_ptr<const Letter>& letter);
    void hand_in(std::size_t site, const DeviceId& bringer,
                 const std::shared_ptr<const Receipt>& receipt);

    Stage& stage_;
    Field& field_;
    const std::size_t number_;
    const std::string name_;
    const crypto::SigningKey key_;
    const DeviceId id_;
    std::optional<std::size_t> place_;  ///< The site in reach.
    std::optional<Uplink> uplink_;
    std::uint64_t connections_ = 0;
    std::uint64_t reports_ = 0;
    std::map<MessageId, std::shared_ptr<const Letter>> letters_;
    std::map<MessageId, std::shared_ptr<const Receipt>> read_;  ///< Once read, never again.
    std::set<std::pair<std::size_t, MessageId>> receipts_;      ///< Not taken by this site yet.
    Alarm write_alarm_;
    Alarm work_alarm_;
    Alarm report_alarm_;
};

}  // namespace imece::sim
