//! A processor for the servers, which wait while one of them is asked, and one for who asks.

use std::process::Command;

use crate::Result;
use crate::contender::Contender;
use crate::measure::build;
use crate::measure::server::Server;

/// Of each contender one, started and waiting.
pub(crate) fn servers(contenders: &[Contender]) -> Result<Vec<Server>> {
    let start = |contender: &Contender| {
        let program = build::program(*contender)?;
        Server::start(on("0").arg(program), 0)
    };
    contenders.iter().map(start).collect()
}

/// What runs `program` beside them.
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
