//! Instructions per request under callgrind: resourceful beside hand-written hyper.
//!
//! ```sh
//! cargo run --release -p resourceful-benches
//! ```
//!
//! Every contender does the same work and answers the same bytes (checked before anything
//! is counted). Each server runs under `valgrind --tool=callgrind` on one thread and gets
//! requests over four loopback connections from this process; the figure is the slope
//! between a short and a long run, so start-up does not count. Needs valgrind.

mod bare;
mod measure;
mod ours;
mod post;

use std::process::ExitCode;

/// Who serves: `resourceful`, or hyper by hand with its default or with our settings.
const CONTENDERS: [&str; 3] = ["hyper", "hyper-tuned", "resourceful"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => measure::run(&CONTENDERS),
        ["serve", "resourceful"] => ours::serve().await,
        ["serve", "hyper"] => bare::serve(bare::Settings::Default).await,
        ["serve", "hyper-tuned"] => bare::serve(bare::Settings::Tuned).await,
        _ => Err("usage: resourceful-benches [serve hyper|hyper-tuned|resourceful]".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Ready when whoever started this server closes its standard input.
async fn told_to_stop() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = sender.send(());
    });
    let _ = receiver.await;
}
