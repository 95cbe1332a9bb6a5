#include "discovery/app/report_nodes.h"

#include "base/result.h"

namespace imece::discovery {

std::vector<Status> ReportNodes::operator()(const std::vector<SignedReport>& reports,
                                            const std::optional<DeviceId>& caller) const {
    const TimePoint now = deps_.clock.now();
    std::vector<Status> results;
    results.reserve(reports.size());
    bool any_taken = false;
    for (const SignedReport& signed_report : reports) {
        Result<Report> report = admit(signed_report, now);
        if (!report) {
            results.push_back(std::unexpected(std::move(report).error()));
            continue;
        }
        const TimePoint heard = heard_at(*report, now, caller == report->node);
        results.push_back(deps_.live.with([&](Live::State& state) -> Status {
            // A device that was revoked since its signature was checked stays out.
            if (!state.devices.contains(report->node))
                return fail(ErrorCode::kFailedPrecondition, "NODE_NOT_ENROLLED",
                            "the node's device was revoked");
            IMECE_CHECK(state.topology.report(*report, heard, now));
            state.unsaved[report->node] = {report->node, heard, signed_report.report};
            return {};
        }));
        any_taken |= results.back().has_value();
    }
    if (any_taken) deps_.changed();
    return results;
}

Result<Report> ReportNodes::admit(const SignedReport& signed_report, TimePoint now) const {
    IMECE_TRY(Report report, deps_.decode(view_of(signed_report.report)));
    const auto key = deps_.live.with([&](Live::State& state) -> std::optional<crypto::PublicKey> {
        const auto at = state.devices.find(report.node);
        if (at == state.devices.end()) return std::nullopt;
        return at->second;
    });
    if (!key)
        return fail(ErrorCode::kFailedPrecondition, "NODE_NOT_ENROLLED",
                    "no enrolled device has the id of this report");
    if (!crypto::verify(*key, crypto::kReportDomain, view_of(signed_report.report),
                        view_of(signed_report.signature)))
        return fail(ErrorCode::kPermissionDenied, "REPORT_SIGNATURE_INVALID",
                    "the report is not signed by the node that it names");
    return checked(std::move(report), now, limits_);
}

}  // namespace imece::discovery
