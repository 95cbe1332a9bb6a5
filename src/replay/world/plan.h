// What is going to happen: everything that a replay does to a backend, fixed before it starts.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace imece::replay {

using NodeIndex = std::uint32_t;
using LinkIndex = std::uint32_t;
using MessageIndex = std::uint32_t;
/// Milliseconds of scenario time since the run's start.
using Ms = std::int64_t;

inline constexpr std::uint32_t kNone = UINT32_MAX;

/// The priority classes from the most to the least urgent; the proto's numbers are one higher.
enum class Class : std::uint8_t { kLife, kSafety, kOperational, kCommunication, kMaintenance };
inline constexpr std::size_t kClasses = 5;
std::string_view class_name(Class c);
/// The lifetime of a message that names none.
Ms default_ttl(Class c);

/// What DOMAIN promises of a class; a ratio of 0 is best effort.
struct Promise {
    double ratio = 0;
    Ms p95_ms = 0;
};
inline constexpr std::array<Promise, kClasses> kPromises = {
    Promise{0.995, 5'000}, Promise{0.98, 15'000}, Promise{0.96, 60'000}, Promise{0.94, 300'000},
    Promise{}};
/// A class with fewer reachable messages is not judged.
inline constexpr std::uint64_t kSamplesMin = 30;

enum class NodeKind : std::uint8_t { kPhone, kRelay, kDesk };
std::string_view kind_name(NodeKind kind);

struct NodePlan {
    NodeKind kind = NodeKind::kPhone;
    std::string label;
    double latitude = 0;
    double longitude = 0;
    bool has_position = false;
    std::uint32_t desk = kNone;  ///< The desk whose messages it receives.
    std::uint8_t battery_percent = 100;
};

/// A short-range link that may exist.
struct LinkPlan {
    NodeIndex a = 0;
    NodeIndex b = 0;
    double quality = 1;  ///< Share of frames that arrive, over 0 to 1.
};

enum class ContactKind : std::uint8_t { kPower, kLink, kUplink };
/// Something goes up or down. All is down before the first contact.
struct Contact {
    Ms at = 0;
    ContactKind kind = ContactKind::kPower;
    std::uint32_t index = 0;  ///< Of the node; of the link.
    bool up = false;
};

struct DeskPlan {
    std::string name;
    std::vector<NodeIndex> devices;
};

struct MessagePlan {
    Ms at = 0;
    MessageId id;
    Class cls = Class::kCommunication;
    NodeIndex sender = 0;
    NodeIndex recipient = kNone;  ///< A node, or none where `desk` is set.
    std::uint32_t desk = kNone;
    Ms ttl = 0;
    std::uint32_t text = 0;  ///< Of Plan::texts.
    std::uint32_t repeats =
        0;  ///< How often the app sends the same envelope again, a few seconds apart.
};

/// The stimulus. The same seed and options give the same plan on every machine.
struct Plan {
    std::string name;
    std::uint64_t seed = 0;
    std::vector<NodePlan> nodes;
    std::vector<LinkPlan> links;
    std::vector<DeskPlan> desks;
    std::vector<Contact> contacts;      ///< By time; those of one time in order of application.
    std::vector<MessagePlan> messages;  ///< By time.
    std::vector<std::string> texts;
    Ms horizon = 0;  ///< What becomes reachable later is not judged.
    Ms end = 0;      ///< The last moment of the run.
    std::uint32_t islands =
        0;  ///< Groups that are cut off from the backend at some time, and later healed.
    std::uint32_t towers = 0;
    std::uint32_t towers_down = 0;   ///< At the start.
    std::vector<std::string> notes;  ///< What the user should know of the input.
};

/// The devices that a message is for.
std::vector<NodeIndex> recipients(const Plan& plan, const MessagePlan& message);

/// Sorts contacts and messages by time (stable) and gives each message its id: the scenario's
/// nominal time `epoch_ms` + `at`, and chance from (`seed`, position).
void finish_plan(Plan& plan, std::int64_t epoch_ms);

}  // namespace imece::replay
