// imece check-in add, search, erase.
#include <memory>

#include "base/ids.h"
#include "base/result.h"
#include "imece/cli/backend.h"
#include "imece/cli/commands.h"
#include "imece/identity/v1/check_in.grpc.pb.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

namespace pb = imece::identity::v1;
using CheckIns = pb::CheckInService::Stub;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    pb::RecordCheckInRequest said;
    std::string wellbeing = "SAFE";
    pb::SearchCheckInsRequest wanted;
    std::string id;
    bool json = false;
};

Status add(Shell& shell, const Options& options) {
    pb::RecordCheckInRequest request = options.said;
    pb::Wellbeing wellbeing{};
    pb::Wellbeing_Parse(options.wellbeing, &wellbeing);
    request.set_wellbeing(wellbeing);
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    Id<struct CheckInTag> id{make_uuid_v7(shell.clock.now(), shell.random)};
    request.set_check_in_id(to_text(id));
    IMECE_TRY(const pb::CheckIn recorded, backend.call(&CheckIns::RecordCheckIn, request));
    if (options.json)
        shell.out << json_of(recorded) << '\n';
    else
        shell.out << plain(recorded.name()) << ": " << options.wellbeing << " ("
                  << recorded.check_in_id() << ")\n";
    return {};
}

Status search(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const pb::SearchCheckInsResponse found,
              backend.call(&CheckIns::SearchCheckIns, options.wanted));
    std::vector<std::vector<std::string>> rows{{"WHEN", "NAME", "PHONE", "IS", "WHERE", "ID"}};
    for (const pb::CheckIn& one : found.check_ins()) {
        if (options.json) shell.out << json_of(one) << '\n';
        rows.push_back({to_rfc3339(runtime::from_proto(one.at())), one.name(), one.phone(),
                        pb::Wellbeing_Name(one.wellbeing()), one.place(), one.check_in_id()});
    }
    if (!options.json) print_table(shell.out, rows);
    return {};
}

Status erase(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    pb::EraseCheckInRequest request;
    request.set_check_in_id(options.id);
    IMECE_TRY(const pb::EraseCheckInResponse done, backend.call(&CheckIns::EraseCheckIn, request));
    shell.out << (options.json ? json_of(done) : "erased " + options.id) << '\n';
    return {};
}

}  // namespace

void add_check_in(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand("check-in", "Who is safe and who is looked for");
    group.require_subcommand(1);
    auto options = std::make_shared<Options>();
    const auto finish = [&](CLI::App& command, const std::string& example, auto work) {
        options->server.add_to(command);
        options->sign_in.add_to(command);
        describe(command, options->json, example);
        command.callback([&shell, options, work] {
            run(shell, options->json, [&] { return work(shell, *options); });
        });
    };

    CLI::App& added = *group.add_subcommand("add", "Record how somebody is");
    added.add_option("NAME", *options->said.mutable_name(), "as people say it")->required();
    added.add_option("--phone", *options->said.mutable_phone(),
                     "with country code, or as in Turkey");
    added.add_option("--is", options->wellbeing, "safe, needs_help, missing or found")
        ->transform(CLI::IsMember({"SAFE", "NEEDS_HELP", "MISSING", "FOUND"}, CLI::ignore_case));
    added.add_option("--place", *options->said.mutable_place(), "where, in words");
    added.add_option("--note", *options->said.mutable_note(), "what else matters");
    finish(added, "imece check-in add \"Ayşe Yılmaz\" --phone 05321234567 --is safe", add);

    CLI::App& found = *group.add_subcommand(
        "search", "Find people: by phone number, or (responders and above) by name");
    found.add_option("--phone", *options->wanted.mutable_phone(), "the whole number");
    found.add_option("--name", *options->wanted.mutable_name(),
                     "beginnings of the name's words, with or without their marks");
    finish(found, "imece check-in search --name \"ayse yil\"", search);

    CLI::App& erased = *group.add_subcommand("erase", "Erase a check-in for good");
    erased.add_option("ID", options->id, "of the check-in")->required();
    finish(erased, "imece check-in erase 0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f", erase);
}

}  // namespace imece::cli
