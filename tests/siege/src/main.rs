//! Attacks on the default server, with limits that it must keep.
//!
//! ```sh
//! cargo build --release -p blog-example -p resourceful-siege
//! target/release/resourceful-siege all          # or the name of a row
//! SIEGE_TARGET=axum target/release/resourceful-siege all
//! ```
//!
//! With `SIEGE_TARGET=axum`, the rows marked with `*` attack an axum router on our server instead of an
//! `App`: they are about the server alone.
//!
//! Each row starts its target as a child process, to read its memory and send signals, and attacks
//! over loopback. It prints one line with its figures and `ok`, or `FAILED` and the reasons. Figures
//! need an idle machine, and on both sides as many descriptors as `idle` has connections. `SIEGE_REQUESTS` is the number of requests of `endurance`.
//!
//! | row | attack | requirement |
//! |---|---|---|
//! | `slow-heads` * | 2,000 heads at a byte a second | all closed in time; four honest clients are not affected |
//! | `silence` * | no byte, half a preface, half a body | closed by 12 s, half a body after 408 |
//! | `aimless` * | 20 HTTP/2 clients reply to pings and send no request | closed by 20 s |
//! | `deaf` * | 500 clients leave 32 MiB unread, over HTTP/1 and HTTP/2 | closed by 30 s |
//! | `deaf-sockets` | WebSocket clients that send pings, texts or fragments without end, or receive them, and never read | closed by 45 s, memory of one message each; honest clients are not affected |
//! | `unread` * | 5 clients request 100 responses of 8 MiB over HTTP/2 and read none | 40 MiB each, closed by 30 s; honest clients are not affected |
//! | `idle` * | 10,000 idle connections | 12 KiB each, closed 2 s after the idle timeout |
//! | `endurance` * | 1,000,000 requests each way | no error, memory stays within 5 % |
//! | `stop-busy` * | SIGTERM under 150 clients, when many are between two requests | no request is lost, exit code 0 |
//! | `stop-stuck` | SIGTERM with something that does not end | ends by the shutdown deadline with an exit code that reports it |
//! | `huge-length` | 10 GB announced | 413 at once, no `100 Continue` |
//! | `too-large` | 3 MB sent, gzip bombs of 1 GiB | 413, no memory |
//! | `bodies` | JSON of recursive enums, floats near the middle, many small objects, with faults | fast responses; memory of a few bodies |
//! | `slow-forms` | 7 MB of a form at once, then a byte each 20 ms: preamble, head of a part, content like delimiters | 413 at once, or no work; no memory |
//! | `http2-floods` * | rapid reset and its relatives | GOAWAY, no memory; honest clients are not affected |
//! | `outlived` | 11 connections of 100 `POST`s each, dropped | its new `POST`s get 503; no started one is cancelled, of any client |
//! | `descriptors` * | more connections than descriptors | the server keeps running, and responds when descriptors are free |
//! | `heads` | two hosts, fragments, invalid characters in a URI, an endless line | 400, 414 |
//! | `cut-off` | 1,000 clients of the blog disconnect at a random moment | each write complete or absent |
//! | `slow-database` | 5,000 clients of the blog while its PostgreSQL answers after 10 s | 2,000 are refused within 2 s, 16 KiB for each of the others; healthy within 1 s of its return |
//! | `kill` | 50 times `kill -9` under writes | acknowledged writes are stored |
//! | `autobahn` | Autobahn's 517 cases for `WebSockets` | none failed |
//!
//! `slow-database` starts a PostgreSQL server of its own: `TEST_POSTGRES_BIN` is the directory of its programs.
//!
//! `all` does not include `autobahn`: it needs `wstest`, in `PATH` or in the variable `WSTEST`. The
//! program is in the package `autobahntestsuite` of Python 2:
//!
//! ```sh
//! virtualenv -p python2.7 venv
//! venv/bin/pip install autobahntestsuite
//! WSTEST=venv/bin/wstest target/release/resourceful-siege autobahn
//! ```

mod aimless;
mod autobahn;
mod axum_target;
mod blog;
mod bodies;
mod client;
mod cut_off;
mod deaf;
mod deaf_sockets;
mod descriptors;
mod endurance;
mod findings;
mod floods;
mod forms;
mod frames;
mod heads;
mod honest;
mod idle;
mod kill;
mod outlived;
mod process;
mod raw;
mod row;
mod silence;
mod size;
mod slow;
mod slow_database;
mod stop_busy;
mod stop_stuck;
mod target;
mod unread;

use std::process::{Command, ExitCode};

use crate::row::{AUTOBAHN, ROWS, Row};

type Result<T> = std::result::Result<T, resourceful::BoxError>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name] = &arguments[..] else {
        return usage();
    };
    let row = ROWS.iter().chain([&AUTOBAHN]).find(|row| row.name == name);
    let outcome = match (name.as_str(), row) {
        ("target", _) if axum_target::is_chosen() => axum_target::serve().await.map(|()| true),
        ("target", _) => target::serve().await.map(|()| true),
        ("all", _) => all(),
        (_, Some(row)) => besiege(row).await,
        (_, None) => return usage(),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn besiege(row: &Row) -> Result<bool> {
    process::raise_descriptors()?;
    Ok(row.run().await)
}

/// Runs every row in a separate process, so that rows do not affect each other.
fn all() -> Result<bool> {
    let mut is_well = true;
    let is_chosen = |row: &&Row| row.is_of_server || !axum_target::is_chosen();
    for row in ROWS.iter().filter(is_chosen) {
        let status = Command::new(std::env::current_exe()?)
            .arg(row.name)
            .status()?;
        is_well &= status.success();
    }
    Ok(is_well)
}

fn usage() -> ExitCode {
    let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
    eprintln!("usage: resourceful-siege all|autobahn|{}", names.join("|"));
    ExitCode::FAILURE
}
