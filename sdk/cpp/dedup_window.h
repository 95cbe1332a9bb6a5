// What was already handed to the application.
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"

namespace imece::sdk {

/// One message that one device's application is done with.
struct Handled {
    DeviceId device;
    MessageId message;
    TimePoint until;  ///< It may be forgotten after this time: the message has then expired.
};

/// Remembers handled messages until they expire. A process with several devices shares one window.
///
/// The order that makes a message reach the application once: the application returns, remember()
/// returns, the receipt is sent. A crash before remember() returned may hand the message over once
/// more; after it, never. Thread-safe. Both makers' windows behave alike but for durability.
class DedupWindow {
public:
    virtual ~DedupWindow() = default;
    virtual bool contains(const DeviceId& device, const MessageId& message) const = 0;
    /// All of `handled` are durable when it returns OK; entries that are there already are kept.
    /// Concurrent calls share one fsync. Entries whose `until` is before `now` may be dropped.
    /// Errors: kUnavailable STORE_DOWN; from then on each call fails, because what a failed fsync
    /// left on disk is unknown: open the window anew.
    virtual Status remember(std::span<const Handled> handled, TimePoint now) = 0;
    /// Live and not yet dropped entries.
    virtual std::size_t size() const = 0;
};

/// An append-only file, replaced by a shorter one when most of it has expired. Entries that expired
/// before `now` are not read back. A tail torn by a crash is cut off: it had not been acknowledged.
/// Errors: kUnavailable STORE_DOWN when the file cannot be written or another process holds it;
/// kDataLoss DATA_MALFORMED when it is not such a file.
Result<std::unique_ptr<DedupWindow>> open_dedup_window(const std::filesystem::path& file,
                                                       TimePoint now);
/// In memory only: for simulations.
std::unique_ptr<DedupWindow> make_memory_dedup_window();

}  // namespace imece::sdk
