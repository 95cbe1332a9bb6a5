// imece audit list, export, prove, verify.
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <fstream>

#include "base/result.h"
#include "crypto/merkle.h"
#include "imece/cli/add_command.h"
#include "imece/cli/commands.h"
#include "imece/cli/session_file.h"
#include "imece/security/v1/security.grpc.pb.h"
#include "runtime/rpc/time.h"
#include "sdk/cpp/audit.h"

namespace imece::cli {
namespace {

namespace pb = imece::security::v1;
namespace fs = std::filesystem;
using Audit = pb::AuditService::Stub;

constexpr std::uint32_t kPage = 500;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::string file, since, key, record;
    std::uint64_t index = 0, from = 0;
    std::uint32_t count = 20;
    bool json = false;
};

std::unexpected<Error> unusable(const fs::path& file, const std::string& why) {
    return fail(ErrorCode::kInvalidArgument, "FILE_UNUSABLE", file.string() + ": " + why);
}

/// The message that a line of JSON holds.
template <class Message>
Result<Message> read_line(const fs::path& file, std::size_t number, const std::string& line) {
    Message message;
    if (!google::protobuf::util::JsonStringToMessage(line, &message).ok())
        return unusable(file, "line " + std::to_string(number) + " is not what imece audit writes");
    return message;
}

/// A file of `imece audit export`: the checkpoint, then the records, a line of JSON each.
class ExportFile {
public:
    static Result<ExportFile> open(const fs::path& path) {
        ExportFile out;
        out.path_ = path;
        out.in_.open(path);
        std::string line;
        if (!std::getline(out.in_, line)) return unusable(path, "cannot be read, or is empty");
        IMECE_TRY(out.checkpoint_, read_line<pb::AuditCheckpoint>(path, ++out.line_, line));
        return out;
    }
    const pb::AuditCheckpoint& checkpoint() const { return checkpoint_; }
    /// Calls `visit` for each record, until it fails.
    template <class Visit>
    Status each(const Visit& visit) {
        for (std::string line; std::getline(in_, line);) {
            IMECE_TRY(const auto record, read_line<pb::LoggedAuditRecord>(path_, ++line_, line));
            IMECE_CHECK(visit(record));
        }
        return {};
    }

    /// The one line behind the checkpoint that `imece audit prove` prints.
    Result<pb::AuditRecordProof> proof() {
        std::string line;
        if (!std::getline(in_, line)) return unusable(path_, "has no proof");
        return read_line<pb::AuditRecordProof>(path_, ++line_, line);
    }

private:
    fs::path path_;
    std::ifstream in_;
    std::size_t line_ = 0;
    pb::AuditCheckpoint checkpoint_;
};

/// Calls `visit` for the records of the site's log, up to the checkpoint's size, until it fails.
template <class Visit>
Status each_of_site(Backend& backend, std::uint64_t size, const Visit& visit) {
    pb::ListAuditRecordsRequest request;
    request.set_page_size(kPage);
    while (request.from_index() < size) {
        IMECE_TRY(const auto page, backend.call(&Audit::ListAuditRecords, request));
        if (page.records().empty()) return {};
        for (const auto& record : page.records()) {
            if (record.index() >= size) return {};
            IMECE_CHECK(visit(record));
            request.set_from_index(record.index() + 1);
        }
    }
    return {};
}

Result<crypto::Checkpoint> opened(const pb::AuditCheckpoint& checkpoint, const std::string& key) {
    return crypto::open_checkpoint(checkpoint.note(), key);
}

Status check(sdk::AuditCheck& audit, const pb::LoggedAuditRecord& record) {
    return audit.add(record.index(), view_of(record.record()), view_of(record.leaf_hash()));
}

/// What an earlier export, or an earlier verification of this site, has left.
struct Kept {
    sdk::KeptAudit audit;
    std::string key;
};
Result<Kept> read_kept(const fs::path& file) {
    IMECE_TRY(ExportFile earlier, ExportFile::open(file));
    Kept out{.key = earlier.checkpoint().verifier_key()};
    IMECE_TRY(out.audit.checkpoint, opened(earlier.checkpoint(), out.key));
    IMECE_CHECK(earlier.each([&](const pb::LoggedAuditRecord& record) -> Status {
        out.audit.leaves.push_back(crypto::merkle_leaf_hash(view_of(record.record())));
        return {};
    }));
    return out;
}

/// Where the checkpoint that was verified last is kept, for each server.
fs::path remembered(const Shell& shell, const std::string& server) {
    std::string name = "audit-" + server + ".jsonl";
    for (char& c : name)
        if (c == '/') c = '_';
    return session_path(shell).parent_path() / name;
}

void print(Shell& shell, const pb::LoggedAuditRecord& record) {
    const pb::AuditRecord& read = record.read();
    shell.out << record.index() << "  " << to_rfc3339(runtime::from_proto(read.time())) << "  "
              << plain(read.type()) << "  " << plain(read.subject()) << "  by "
              << (read.actor().empty() ? "nobody known" : plain(read.actor())) << '\n';
}

Status list(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    pb::ListAuditRecordsRequest request;
    request.set_from_index(options.from);
    request.set_page_size(std::min(options.count, kPage));
    IMECE_TRY(const auto page, backend.call(&Audit::ListAuditRecords, request));
    if (options.json) {
        shell.out << json_of(page) << '\n';
        return {};
    }
    for (const auto& record : page.records()) print(shell, record);
    shell.out << page.records_size() << " of " << page.tree_size() << " records\n";
    return {};
}

Status export_all(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const auto checkpoint,
              backend.call(&Audit::GetAuditCheckpoint, pb::GetAuditCheckpointRequest{}));
    std::ofstream out(options.file);
    out << json_of(checkpoint) << '\n';
    IMECE_CHECK(each_of_site(backend, checkpoint.tree_size(), [&](const auto& record) -> Status {
        out << json_of(record) << '\n';
        return {};
    }));
    out.flush();
    if (!out) return unusable(options.file, "cannot be written");
    if (options.json)
        shell.out << json_of(checkpoint) << '\n';
    else
        shell.out << checkpoint.tree_size() << " records in " << options.file
                  << "\nverifier key: " << checkpoint.verifier_key() << '\n';
    return {};
}

Status prove(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const auto checkpoint,
              backend.call(&Audit::GetAuditCheckpoint, pb::GetAuditCheckpointRequest{}));
    pb::ProveAuditRecordRequest request;
    request.set_index(options.index);
    request.set_tree_size(checkpoint.tree_size());
    IMECE_TRY(const auto proof, backend.call(&Audit::ProveAuditRecord, request));
    shell.out << json_of(checkpoint) << '\n' << json_of(proof) << '\n';
    return {};
}

void say_verified(Shell& shell, const Options& options, const pb::AuditCheckpoint& checkpoint,
                  const std::string& what) {
    if (options.json)
        shell.out << json_of(checkpoint) << '\n';
    else
        shell.out << what << "\nverifier key: " << plain(checkpoint.verifier_key()) << '\n';
}

/// A record with its proof, as `imece audit prove` printed it.
Status verify_record(Shell& shell, const Options& options) {
    IMECE_TRY(ExportFile file, ExportFile::open(options.record));
    const pb::AuditCheckpoint& checkpoint = file.checkpoint();
    IMECE_TRY(const auto now,
              opened(checkpoint, options.key.empty() ? checkpoint.verifier_key() : options.key));
    IMECE_TRY(const auto proof, file.proof());
    std::vector<crypto::Digest> path(std::size_t(proof.path_size()));
    for (int i = 0; i < proof.path_size(); ++i) {
        if (proof.path(i).size() != sizeof(crypto::Digest))
            return unusable(options.record, "a hash of the path has not 32 bytes");
        std::ranges::copy(view_of(proof.path(i)), path[std::size_t(i)].begin());
    }
    const auto holds = crypto::verify_merkle_inclusion(
        proof.record().index(), now.size,
        crypto::merkle_leaf_hash(view_of(proof.record().record())), path, now.root);
    if (!holds)
        return fail(ErrorCode::kDataLoss, "AUDIT_BROKEN",
                    "record " + std::to_string(proof.record().index()) +
                        " is not in the log that was signed");
    say_verified(shell, options, checkpoint,
                 "record " + std::to_string(proof.record().index()) + " is in the log of " +
                     std::to_string(now.size) + " records");
    return {};
}

Status verify_file(Shell& shell, const Options& options) {
    Kept kept;
    if (!options.since.empty()) {
        IMECE_TRY(kept, read_kept(options.since));
    }
    IMECE_TRY(ExportFile file, ExportFile::open(options.file));
    std::string key = options.key.empty() ? kept.key : options.key;
    if (key.empty()) key = file.checkpoint().verifier_key();
    IMECE_TRY(const auto now, opened(file.checkpoint(), key));
    sdk::AuditCheck audit(std::move(kept.audit));
    IMECE_CHECK(file.each([&](const auto& record) { return check(audit, record); }));
    IMECE_CHECK(audit.finish(now));
    say_verified(shell, options, file.checkpoint(),
                 "all " + std::to_string(now.size) + " records are as they were signed");
    return {};
}

Status verify_site(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    const fs::path memory = remembered(shell, backend.server());
    Kept kept;
    if (!options.since.empty()) {
        IMECE_TRY(kept, read_kept(options.since));
    } else if (fs::exists(memory)) {
        IMECE_TRY(kept, read_kept(memory));
    }
    IMECE_TRY(const auto checkpoint,
              backend.call(&Audit::GetAuditCheckpoint, pb::GetAuditCheckpointRequest{}));
    if (options.key.empty() && !kept.key.empty() && kept.key != checkpoint.verifier_key())
        return fail(ErrorCode::kInvalidArgument, "CHECKPOINT_INVALID",
                    "the site signs with another key than the one in " +
                        (options.since.empty() ? memory.string() : options.since) +
                        "; if it was made anew, remove that file");
    const std::string key = options.key.empty() ? checkpoint.verifier_key() : options.key;
    IMECE_TRY(const auto now, opened(checkpoint, key));
    sdk::AuditCheck audit(std::move(kept.audit));
    IMECE_CHECK(
        each_of_site(backend, now.size, [&](const auto& record) { return check(audit, record); }));
    IMECE_CHECK(audit.finish(now));
    IMECE_CHECK(write_private(memory, json_of(checkpoint) + "\n"));
    say_verified(shell, options, checkpoint,
                 "all " + std::to_string(now.size) + " records are as they were signed; kept in " +
                     memory.string() + " for the next time");
    return {};
}

Status verify(Shell& shell, const Options& options) {
    if (!options.record.empty()) return verify_record(shell, options);
    return options.file.empty() ? verify_site(shell, options) : verify_file(shell, options);
}

}  // namespace

void add_audit(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand("audit", "What happened on the site, provably");
    group.require_subcommand(1);
    const auto add = [&](auto&&... rest) { add_command<Options>(group, shell, rest...); };
    add("list", "Print records of the audit log", "imece audit list --from 100", list,
        [](CLI::App& command, Options& options) {
            command.add_option("--from", options.from, "begin with this index");
            command.add_option("--count", options.count, "so many, at most 500")
                ->check(CLI::Range(1, 500));
        });
    add("export", "Write the whole log, with its signed checkpoint, into a file",
        "imece audit export audit.jsonl", export_all, [](CLI::App& command, Options& options) {
            command.add_option("FILE", options.file, "is replaced where it is there")->required();
        });
    add("prove", "Print a record with the proof that it is in the log",
        "imece audit prove 17 > record-17.jsonl", prove, [](CLI::App& command, Options& options) {
            command.add_option("INDEX", options.index, "of the record")->required();
        });
    add("verify",
        "Check that no record was changed, is missing or was cut off: of the site, of an export, "
        "or of one record. A file needs no site. What the site signed is kept, and the next time "
        "the log must go on from there.",
        "imece audit verify", verify, [](CLI::App& command, Options& options) {
            command.add_option("FILE", options.file, "an export, instead of the site");
            command.add_option("--record", options.record,
                               "a record that 'imece audit prove' printed");
            command.add_option("--since", options.since,
                               "an earlier export that the log must go on from");
            command.add_option(
                "--key", options.key,
                "the site's verifier key, where you have it from somebody you trust");
        });
}

}  // namespace imece::cli
