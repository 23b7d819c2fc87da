//! One quota of two processes.

use std::process::{Command, Stdio};

use resourceful_rates::{Quota, RateStore, RedisRates};
use resourceful_test_parts::Redis;

const SERVER: &str = "RATES_OF_TWO_PROCESSES";

/// Takes at once in this process; prints how many were allowed, and how many got no answer. A part of the next test, which sets the server.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_takes_500_times() {
    let Ok(url) = std::env::var(SERVER) else {
        return;
    };
    let store = std::sync::Arc::new(RedisRates::new(&url).unwrap());
    let tasks = (0..500).map(|_| {
        let store = std::sync::Arc::clone(&store);
        tokio::spawn(async move { store.take("shared", Quota::per_hour(100), 1).await })
    });
    let tasks: Vec<_> = tasks.collect();
    let (mut allowed, mut lost) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(taken) => allowed += u32::from(taken.is_allowed),
            // A busy machine did not reply within 20 ms: what was taken then is lost, and not given twice.
            Err(_) => lost += 1,
        }
    }
    println!("result: {allowed} {lost}");
}

#[test]
fn a_thousand_takes_of_two_processes_get_the_quota() {
    let server = Redis::start();
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "processes::a_process_takes_500_times",
                "--nocapture",
            ])
            .env(SERVER, server.url())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let processes = [start(), start()];
    let results = processes.map(|process| {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, result) = text.split_once("result: ").unwrap();
        let mut numbers = result.split_whitespace().take(2);
        [(); 2].map(|()| numbers.next().unwrap().parse::<u32>().unwrap())
    });
    let allowed: u32 = results.iter().map(|[allowed, _]| allowed).sum();
    let lost: u32 = results.iter().map(|[_, lost]| lost).sum();
    assert!(allowed <= 100 && allowed + lost >= 100, "{results:?}");
}
