// Takes nodes' signed reports.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "discovery/app/live.h"

namespace imece::discovery {

struct SignedReport {
    std::string report;
    std::string signature;
};

class ReportNodes {
public:
    struct Deps {
        Live& live;
        const Clock& clock;
        DecodeReport decode;
        std::function<void()> changed;  ///< Wakes the publisher; must not block.
    };
    explicit ReportNodes(Deps deps, ReportLimits limits)
        : deps_(std::move(deps)), limits_(limits) {}

    /// One result a report, in their order; each is taken or refused by itself. `caller` is the
    /// device that sends: its own report proves that it is there now.
    ///
    /// Errors of a report: kInvalidArgument REPORT_MALFORMED, REPORT_IN_FUTURE; kFailedPrecondition
    /// NODE_NOT_ENROLLED, REPORT_STALE; kPermissionDenied REPORT_SIGNATURE_INVALID;
    /// kResourceExhausted TOPOLOGY_FULL.
    /// Cost: one signature check (36 µs) each.
    std::vector<Status> operator()(const std::vector<SignedReport>& reports,
                                   const std::optional<DeviceId>& caller) const;

private:
    Result<Report> admit(const SignedReport& report, TimePoint now) const;
    const Deps deps_;
    const ReportLimits limits_;
};

}  // namespace imece::discovery
