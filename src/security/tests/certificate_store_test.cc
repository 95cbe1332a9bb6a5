// The contract of CertificateStore, held against the adapters and against stores that must not get through.
#include <gtest/gtest.h>

#include <latch>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "security/adapters/store_sqlite/sqlite_store.h"
#include "security/tests/audit_store_contract.h"
#include "security/tests/memory_audit_store.h"
#include "testkit/temp_dir.h"

namespace imece::security {
namespace {

const TimePoint kNow(std::chrono::seconds(1'700'000'000));

/// What outlives a store that is closed.
struct MemoryCertificates {
    std::mutex mutex;
    std::map<Serial, StoredCertificate> certificates;
    std::shared_ptr<MemoryLog> log = std::make_shared<MemoryLog>();
};

class MemoryCertificateStore : public CertificateStore {
public:
    explicit MemoryCertificateStore(std::shared_ptr<MemoryCertificates> disk)
        : disk_(std::move(disk)), audit_(disk_->log) {}

    Status add(const StoredCertificate& certificate, const NewRecord& record) override {
        const std::scoped_lock lock(disk_->mutex);
        disk_->certificates[certificate.serial] = certificate;
        return append_next(record);
    }
    Result<std::vector<StoredCertificate>> list(const Serial& after, std::size_t max) override {
        const std::scoped_lock lock(disk_->mutex);
        std::vector<StoredCertificate> out;
        for (auto at = disk_->certificates.upper_bound(after);
             at != disk_->certificates.end() && out.size() < max; ++at)
            out.push_back(at->second);
        return out;
    }
    Result<StoredCertificate> revoke(const Serial& serial, TimePoint now,
                                     const NewRecord& record) override {
        const std::scoped_lock lock(disk_->mutex);
        const auto at = disk_->certificates.find(serial);
        if (at == disk_->certificates.end())
            return fail(ErrorCode::kNotFound, "CERTIFICATE_UNKNOWN", "no such certificate");
        if (at->second.revoked_at) return at->second;
        at->second.revoked_at = now;
        IMECE_CHECK(append_next(record));
        return at->second;
    }
    Status revoke_all_of(const CertificateName& name, TimePoint now,
                         const NewRecord& record) override {
        const std::scoped_lock lock(disk_->mutex);
        for (auto& [serial, certificate] : disk_->certificates)
            if (certificate.name == name && !certificate.revoked_at) certificate.revoked_at = now;
        return audit_.append(record);
    }
    Result<std::vector<RevokedCertificate>> revoked(TimePoint now) override {
        const std::scoped_lock lock(disk_->mutex);
        std::vector<RevokedCertificate> out;
        for (const auto& [serial, certificate] : disk_->certificates)
            if (certificate.revoked_at && certificate.not_after > now)
                out.push_back({serial, *certificate.revoked_at});
        return out;
    }

protected:
    Status append_next(NewRecord next) {
        next.position = audit_.position(next.source).value_or(0) + 1;
        return audit_.append(next);
    }
    std::shared_ptr<MemoryCertificates> disk_;

private:
    MemoryAuditStore audit_;
};

/// A store with its audit log, open.
struct OpenStore {
    std::shared_ptr<CertificateStore> certificates;
    std::shared_ptr<AuditStore> audit;
};
/// Opens the same stored state each time it is called; what it gave before is closed by then.
using OpenCertificates = std::function<OpenStore()>;
using Check = std::string (*)(const OpenCertificates&);

Serial serial(std::uint8_t number) {
    Serial out{};
    out.fill(number);
    return out;
}
StoredCertificate certificate(std::uint8_t number, const std::string& name = "gateway") {
    return {.serial = serial(number),
            .name = {CertificateKind::kService, name},
            .not_before = kNow,
            .not_after = kNow + std::chrono::hours(number),
            .revoked_at = {}};
}
NewRecord own(std::uint64_t number) {
    return record(number, "security");
}

std::string keeps_what_was_added_with_its_record(const OpenCertificates& open) {
    for (const std::uint8_t number : {5, 3, 9})
        IMECE_HOLDS(open().certificates->add(certificate(number), own(0)));
    const OpenStore store = open();
    const std::vector<StoredCertificate> expected{certificate(3), certificate(5), certificate(9)};
    IMECE_HOLDS(store.certificates->list({}, 10) == expected);
    IMECE_HOLDS(store.certificates->list(serial(3), 1)->front() == certificate(5));
    IMECE_HOLDS(store.certificates->list(serial(9), 10)->empty());
    return holds_exactly(*store.audit, {own(0), own(0), own(0)});
}

std::string revokes_once(const OpenCertificates& open) {
    IMECE_HOLDS(open().certificates->add(certificate(1), own(0)));
    const auto later = kNow + std::chrono::minutes(1);
    IMECE_HOLDS(open().certificates->revoke(serial(1), kNow, own(1))->revoked_at == kNow);
    IMECE_HOLDS(open().certificates->revoke(serial(1), later, own(2))->revoked_at == kNow);
    const OpenStore store = open();
    IMECE_HOLDS(store.certificates->list({}, 1)->front().revoked_at == kNow);
    return holds_exactly(*store.audit, {own(0), own(1)});
}

std::string refuses_to_revoke_what_it_does_not_have(const OpenCertificates& open) {
    const OpenStore store = open();
    const auto refused = store.certificates->revoke(serial(1), kNow, own(0));
    IMECE_HOLDS(!refused && refused.error().reason == "CERTIFICATE_UNKNOWN");
    return holds_exactly(*store.audit, {});
}

std::string revokes_all_of_a_name_and_of_no_other(const OpenCertificates& open) {
    const OpenStore store = open();
    for (const std::uint8_t number : {1, 2})
        IMECE_HOLDS(store.certificates->add(certificate(number, "gateway"), own(0)));
    IMECE_HOLDS(store.certificates->add(certificate(3, "identity"), own(0)));
    StoredCertificate device = certificate(4, "gateway");
    device.name.kind = CertificateKind::kDevice;
    IMECE_HOLDS(store.certificates->add(device, own(0)));
    const CertificateName name{CertificateKind::kService, "gateway"};
    IMECE_HOLDS(store.certificates->revoke_all_of(name, kNow, record(7)));
    std::set<std::uint8_t> gone;
    const auto listed = store.certificates->list({}, 10);
    IMECE_HOLDS(listed);
    for (const auto& each : *listed)
        if (each.revoked_at) gone.insert(each.serial[0]);
    IMECE_HOLDS((gone == std::set<std::uint8_t>{1, 2}));
    // The event may come again.
    IMECE_HOLDS(store.certificates->revoke_all_of(name, kNow, record(7)));
    IMECE_HOLDS(store.audit->size() == 5u && store.audit->position("identity") == 7u);
    return {};
}

std::string lists_as_revoked_what_still_matters(const OpenCertificates& open) {
    const OpenStore store = open();
    for (const std::uint8_t number : {1, 2, 3})
        IMECE_HOLDS(store.certificates->add(certificate(number), own(0)));
    for (const std::uint8_t number : {3, 1})
        IMECE_HOLDS(store.certificates->revoke(serial(number), kNow, own(0)));
    IMECE_HOLDS(store.certificates->revoked(kNow)->size() == 2);
    const auto later = store.certificates->revoked(kNow + std::chrono::hours(1));
    IMECE_HOLDS(later && later->size() == 1);
    IMECE_HOLDS(later->front().serial == serial(3) && later->front().revoked_at == kNow);
    return {};
}

std::string concurrent_changes_are_each_recorded(const OpenCertificates& open) {
    const OpenStore store = open();
    constexpr int kThreads = 6;
    {
        std::latch start(kThreads);
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                start.arrive_and_wait();
                for (int i = 0; i < 20; ++i)
                    if (!store.certificates->add(certificate(std::uint8_t(t * 20 + i)), own(0)))
                        return;
            });
    }
    IMECE_HOLDS(store.certificates->list({}, 1000)->size() ==
                kThreads * 20 - 1);  // Behind serial 0.
    return holds_exactly(*store.audit, std::vector<NewRecord>(kThreads * 20, own(0)));
}

struct NamedCheck {
    const char* name;
    Check check;
};
std::vector<NamedCheck> contract() {
    return {{"keeps_what_was_added_with_its_record", keeps_what_was_added_with_its_record},
            {"revokes_once", revokes_once},
            {"refuses_to_revoke_what_it_does_not_have", refuses_to_revoke_what_it_does_not_have},
            {"revokes_all_of_a_name_and_of_no_other", revokes_all_of_a_name_and_of_no_other},
            {"lists_as_revoked_what_still_matters", lists_as_revoked_what_still_matters},
            {"concurrent_changes_are_each_recorded", concurrent_changes_are_each_recorded}};
}

template <class Store>
OpenCertificates memory() {
    return [disk = std::make_shared<MemoryCertificates>()] {
        return OpenStore{std::make_shared<Store>(disk),
                         std::make_shared<MemoryAuditStore>(disk->log)};
    };
}

class CertificateContract : public testing::TestWithParam<NamedCheck> {};
TEST_P(CertificateContract, memory) {
    EXPECT_EQ(GetParam().check(memory<MemoryCertificateStore>()), "");
}
TEST_P(CertificateContract, sqlite) {
    const testkit::TempDir directory;
    EXPECT_EQ(GetParam().check([&] {
        auto opened = SqliteStore::open(directory.path() / "security.db");
        EXPECT_TRUE(opened);
        const std::shared_ptr<SqliteStore> store = *std::move(opened);
        return OpenStore{store, store};
    }),
              "");
}
INSTANTIATE_TEST_SUITE_P(store, CertificateContract, testing::ValuesIn(contract()),
                         [](const auto& test) { return test.param.name; });

// Each is wrong in one way, of the kind that real adapters get wrong.
struct RecordsNothing : MemoryCertificateStore {
    using MemoryCertificateStore::MemoryCertificateStore;
    Status add(const StoredCertificate& certificate, const NewRecord&) override {
        disk_->certificates[certificate.serial] = certificate;
        return {};
    }
};
struct RevokesAgain : MemoryCertificateStore {
    using MemoryCertificateStore::MemoryCertificateStore;
    Result<StoredCertificate> revoke(const Serial& serial, TimePoint now,
                                     const NewRecord& record) override {
        if (disk_->certificates.contains(serial)) disk_->certificates[serial].revoked_at.reset();
        return MemoryCertificateStore::revoke(serial, now, record);
    }
};
struct RecordsRefusals : MemoryCertificateStore {
    using MemoryCertificateStore::MemoryCertificateStore;
    Result<StoredCertificate> revoke(const Serial& serial, TimePoint now,
                                     const NewRecord& record) override {
        auto done = MemoryCertificateStore::revoke(serial, now, record);
        if (!done) (void)append_next(record);
        return done;
    }
};
struct MixesKinds : MemoryCertificateStore {
    using MemoryCertificateStore::MemoryCertificateStore;
    Status revoke_all_of(const CertificateName& name, TimePoint now,
                         const NewRecord& record) override {
        for (auto& [serial, certificate] : disk_->certificates)
            if (certificate.name.id == name.id) certificate.revoked_at = now;
        return MemoryCertificateStore::revoke_all_of(name, now, record);
    }
};
struct ForgetsRevocations : MemoryCertificateStore {
    explicit ForgetsRevocations(std::shared_ptr<MemoryCertificates> disk)
        : MemoryCertificateStore(disk) {
        for (auto& [serial, certificate] : disk->certificates) certificate.revoked_at.reset();
    }
};
struct ListsWhatHasRunOut : MemoryCertificateStore {
    using MemoryCertificateStore::MemoryCertificateStore;
    Result<std::vector<RevokedCertificate>> revoked(TimePoint) override {
        return MemoryCertificateStore::revoked(TimePoint::min());
    }
};
struct PagesFromTheFirstAgain : MemoryCertificateStore {
    using MemoryCertificateStore::MemoryCertificateStore;
    Result<std::vector<StoredCertificate>> list(const Serial&, std::size_t max) override {
        return MemoryCertificateStore::list({}, max);
    }
};

template <class Broken>
class BrokenCertificateStores : public testing::Test {};
using AllBroken = testing::Types<RecordsNothing, RevokesAgain, RecordsRefusals, MixesKinds,
                                 ForgetsRevocations, ListsWhatHasRunOut, PagesFromTheFirstAgain>;
TYPED_TEST_SUITE(BrokenCertificateStores, AllBroken);
TYPED_TEST(BrokenCertificateStores, are_rejected) {
    bool rejected = false;
    for (const NamedCheck& each : contract()) {
        if (std::string_view(each.name).starts_with("concurrent")) continue;
        rejected |= !each.check(memory<TypeParam>()).empty();
    }
    EXPECT_TRUE(rejected);
}

}  // namespace
}  // namespace imece::security
