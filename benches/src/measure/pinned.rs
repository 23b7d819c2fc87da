//! Pins servers to one processor and the client to another. Only one server is used at a time.

use std::process::Command;

use crate::Result;
use crate::contender::Contender;
use crate::measure::build;
use crate::measure::server::Server;

/// Starts a server of each contender.
pub(crate) fn servers(contenders: &[Contender]) -> Result<Vec<Server>> {
    let start = |contender: &Contender| {
        let program = build::program(*contender)?;
        Server::start(on("0").arg(program), 0)
    };
    contenders.iter().map(start).collect()
}

/// Command that runs `program` on the client's processor.
pub(crate) fn client(program: &str) -> Command {
    let mut client = on("1");
    client.arg(program);
    client
}

fn on(processor: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", processor]);
    command
}
