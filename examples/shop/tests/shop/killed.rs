//! Orders, half of which are rolled back, at two processes, one of which is killed now and then.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use resourceful_test_parts::{Process, try_request};

use crate::programs::Shop;

const CLIENTS: usize = 8;

/// The orders of each database. Each enqueues two jobs, and so does each one that is rolled back:
/// `ORDERS=2500 ./test -p shop killed` enqueues 10,000.
fn orders() -> usize {
    std::env::var("ORDERS").map_or(200, |orders| orders.parse().unwrap())
}

/// Orders once. `None`: the connection was lost, or refused, and nobody knows.
fn order(address: &str, product: i64) -> Option<u16> {
    let body = format!(r#"{{"product_id": {product}, "email": "ada@example.org"}}"#);
    let json = "Content-Type: application/json\r\n";
    let response = try_request(address, "POST", "/orders", json, &body)?;
    Some(response.status)
}

/// Kills one of two processes and starts it again, until the orders are done.
fn kill_until(shop: &Shop, mut processes: [Process; 2], is_done: impl Fn() -> bool) -> usize {
    let mut kills = 0;
    while !is_done() {
        let random = RandomState::new().hash_one(kills);
        // A moment, not a wait for something.
        thread::sleep(Duration::from_millis(50 + random % 500));
        let killed = usize::try_from(random >> 63).unwrap();
        processes[killed].signal("-KILL");
        let address = processes[killed].address.clone();
        while TcpStream::connect(&address).is_ok() {
            thread::yield_now();
        }
        processes[killed] = shop.start_at(&address);
        kills += 1;
    }
    // The last one may not have begun to wait for a signal.
    let _ = processes.map(|process| process.stop("-TERM"));
    kills
}

#[test]
fn each_order_has_its_effects_once_whatever_is_killed() {
    for shop in Shop::both() {
        let processes = [0, 1].map(|_| shop.start_at("127.0.0.1:0"));
        let addresses = [0, 1].map(|index: usize| processes[index].address.clone());
        let (acknowledged, unknown, refused) = (
            AtomicUsize::new(0),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        );
        let is_done = || acknowledged.load(Ordering::Relaxed) >= orders();
        let kills = thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (addresses, acknowledged, unknown, refused, is_done) =
                    (&addresses, &acknowledged, &unknown, &refused, &is_done);
                scope.spawn(move || {
                    for number in client.. {
                        if is_done() {
                            return;
                        }
                        let address = &addresses[number % 2];
                        let product = if number / 2 % 2 == 0 { 1 } else { 2 };
                        match (order(address, product), product) {
                            (Some(201), 1) => acknowledged.fetch_add(1, Ordering::Relaxed),
                            (Some(409), 2) => refused.fetch_add(1, Ordering::Relaxed),
                            (None | Some(503), 1) => unknown.fetch_add(1, Ordering::Relaxed),
                            (None | Some(503), _) => 0,
                            (Some(status), _) => panic!("{status}"),
                        };
                    }
                });
            }
            kill_until(&shop, processes, is_done)
        });
        let [acknowledged, unknown, refused] =
            [acknowledged, unknown, refused].map(AtomicUsize::into_inner);
        let process = shop.start_at("127.0.0.1:0");
        let orders = shop.wait_until_done(&process);
        println!("{orders} orders, {refused} rolled back, {kills} kills");
        assert!(
            (acknowledged..=acknowledged + unknown).contains(&orders),
            "{acknowledged} acknowledged, {orders} there"
        );
        // Nothing comes later: no job is left.
        assert!(process.stop("-TERM").1);
        let process = shop.start_at("127.0.0.1:0");
        assert_eq!(shop.wait_until_done(&process), orders);
    }
}
