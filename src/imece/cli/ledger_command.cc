// imece ledger show, blocks, verify, prove-receipt.
#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <iterator>

#include "base/result.h"
#include "imece/cli/add_command.h"
#include "imece/cli/commands.h"
#include "imece/cli/session_file.h"
#include "imece/ledger/v1/ledger.grpc.pb.h"
#include "runtime/rpc/time.h"
#include "sdk/cpp/ledger_proof.h"

namespace imece::cli {
namespace {

namespace pb = imece::ledger::v1;
namespace fs = std::filesystem;
using Ledger = pb::LedgerService::Stub;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::string message, device;
    std::uint32_t count = 20;
    bool json = false;
};

/// The chain as a Ledger message tells of it, which is also how it is kept.
Result<sdk::TrustedChain> trusted_of(const pb::Ledger& told) {
    const auto bytes = parse_hex(told.chain_id());
    crypto::Digest chain{};
    if (!bytes || bytes->size() != chain.size())
        return fail(ErrorCode::kUnknown, "ANSWER_MALFORMED", "the chain id is no hash");
    std::ranges::copy(*bytes, chain.begin());
    IMECE_TRY(ledger::AuthoritySet set, ledger::AuthoritySet::decode(told.authorities().encoded()));
    return sdk::TrustedChain{chain, std::move(set)};
}

/// Where the chain that was verified last is kept, for each server.
fs::path remembered(const Shell& shell, const std::string& server) {
    std::string name = "ledger-" + server + ".json";
    for (char& c : name)
        if (c == '/') c = '_';
    return session_path(shell).parent_path() / name;
}

Result<std::optional<pb::Ledger>> read_kept(const fs::path& file) {
    if (!fs::exists(file)) return std::optional<pb::Ledger>();
    std::ifstream in(file);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    pb::Ledger kept;
    if (!google::protobuf::util::JsonStringToMessage(text, &kept).ok())
        return fail(ErrorCode::kInvalidArgument, "FILE_UNUSABLE",
                    file.string() + " is not what imece ledger verify writes");
    return std::optional(std::move(kept));
}

std::string level_of(pb::Level level) {
    return pb::Level_Name(level);
}

Status show(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const auto told, backend.call(&Ledger::GetLedger, pb::GetLedgerRequest{}));
    if (options.json) {
        shell.out << json_of(told) << '\n';
        return {};
    }
    const pb::BlockHeader& tip = told.tip().header();
    const pb::AuthoritySet& set = told.authorities();
    shell.out << "chain " << told.chain_id() << '\n'
              << "last block " << tip.height() << ", "
              << to_rfc3339(runtime::from_proto(tip.time())) << ", level " << level_of(tip.level())
              << '\n'
              << "authorities " << set.authorities_size() << ", "
              << (set.fault_tolerant() ? "one may fail" : "not fault-tolerant") << '\n';
    for (const std::string& id : set.stops_without())
        shell.out << "  stops if " << id << " is lost\n";
    shell.out << "waiting transactions " << told.pending_transactions() << '\n';
    return {};
}

Status blocks(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    pb::ListBlocksRequest request;
    request.set_page_size(options.count);
    IMECE_TRY(const auto page, backend.call(&Ledger::ListBlocks, request));
    if (options.json) {
        shell.out << json_of(page) << '\n';
        return {};
    }
    std::vector<std::vector<std::string>> rows{
        {"HEIGHT", "TIME", "LEVEL", "TRANSACTIONS", "VOTES", "HASH"}};
    for (const pb::Block& block : page.blocks()) {
        const pb::BlockHeader& header = block.header();
        rows.push_back({std::to_string(header.height()),
                        to_rfc3339(runtime::from_proto(header.time())), level_of(header.level()),
                        std::to_string(header.transactions()), std::to_string(block.votes()),
                        to_hex(view_of(header.hash()))});
    }
    print_table(shell.out, rows);
    return {};
}

/// One block: final, with the transactions that it names, behind `parent` where there is one.
Status check_block(const sdk::TrustedChain& trusted, const pb::Block& block,
                   const ledger::BlockHeader* parent, ledger::BlockHeader& header) {
    IMECE_TRY(header, sdk::verify_block(trusted, block));
    const std::vector<std::string> transactions(block.transactions().begin(),
                                                block.transactions().end());
    if (transactions.size() != header.transactions ||
        ledger::transactions_root(transactions) != header.transactions_root)
        return fail(ErrorCode::kInvalidArgument, "BLOCK_MALFORMED",
                    "its transactions are not those that it was voted for with");
    for (const std::string& bytes : transactions) {
        IMECE_TRY(const auto transaction, ledger::decode_transaction(bytes));
        IMECE_CHECK(ledger::check(transaction, trusted.chain, trusted.authorities));
    }
    return parent == nullptr ? Status()
                             : ledger::check_follows(header, *parent, trusted.authorities);
}

Status verify(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    const fs::path memory = remembered(shell, backend.server());
    IMECE_TRY(const auto kept, read_kept(memory));
    IMECE_TRY(const auto told, backend.call(&Ledger::GetLedger, pb::GetLedgerRequest{}));
    IMECE_TRY(const auto trusted, trusted_of(kept ? *kept : told));
    ledger::BlockHeader last;
    std::uint64_t next = 0;
    if (kept) {
        IMECE_TRY(last, ledger::decode_header(kept->tip().encoded_header()));
        next = last.height + 1;
        if (told.tip().header().height() < last.height)
            return fail(ErrorCode::kDataLoss, "LEDGER_BROKEN",
                        "the chain was cut: it ends with block " +
                            std::to_string(told.tip().header().height()) + ", and had " +
                            std::to_string(last.height) + " before");
    }
    for (pb::GetBlockRequest request; next <= told.tip().header().height(); ++next) {
        request.set_height(next);
        IMECE_TRY(const auto block, backend.call(&Ledger::GetBlock, request));
        ledger::BlockHeader header;
        const Status checked = check_block(trusted, block, next == 0 ? nullptr : &last, header);
        if (!checked)
            return fail(ErrorCode::kDataLoss, "LEDGER_BROKEN",
                        "block " + std::to_string(next) + ": " + checked.error().message);
        last = header;
    }
    pb::Ledger to_keep = told;
    to_keep.mutable_tip()->set_encoded_header(ledger::encode(last));
    IMECE_CHECK(write_private(memory, json_of(to_keep) + "\n"));
    if (options.json)
        shell.out << json_of(to_keep) << '\n';
    else
        shell.out << "all blocks up to " << last.height << " are final and unchanged, "
                  << (kept ? "behind those verified before" : "from the first on") << "; kept in "
                  << memory.string() << " for the next time\n";
    return {};
}

Status prove_receipt(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    pb::ProveReceiptRequest request;
    request.set_message_id(options.message);
    request.set_device_id(options.device);
    IMECE_TRY(const auto proof, backend.call(&Ledger::ProveReceipt, request));
    shell.out << json_of(proof) << '\n';
    return {};
}

}  // namespace

void add_ledger(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand("ledger", "The record that nobody can rewrite");
    group.require_subcommand(1);
    const auto add = [&](auto&&... rest) { add_command<Options>(group, shell, rest...); };
    const auto nothing = [](CLI::App&, Options&) {};
    add("show", "Say how the chain stands and what it can bear", "imece ledger show", show,
        nothing);
    add("blocks", "List the newest blocks", "imece ledger blocks --count 50", blocks,
        [](CLI::App& command, Options& options) {
            command.add_option("--count", options.count, "so many, at most 500")
                ->check(CLI::Range(1, 500));
        });
    add("verify",
        "Check every block since the last time: that it follows the one before, was voted for by a "
        "quorum, and holds the transactions that were voted for. Trusts the authorities that it "
        "saw "
        "first, and keeps how far it came.",
        "imece ledger verify", verify, nothing);
    add("prove-receipt", "Print the proof that a device's receipt is on the chain",
        "imece ledger prove-receipt 0190c8e2-… 3f2a…", prove_receipt,
        [](CLI::App& command, Options& options) {
            command.add_option("MESSAGE", options.message, "the message's id")->required();
            command.add_option("DEVICE", options.device, "the recipient's id")->required();
        });
}

}  // namespace imece::cli
