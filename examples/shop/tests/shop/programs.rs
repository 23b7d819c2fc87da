//! Programs on one database, with one directory for receipts.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use resourceful_test_parts::{Database, Process};
use serde_json::Value;
use tempfile::TempDir;

#[derive(Debug)]
pub(crate) struct Shop {
    database: Database,
    receipts: TempDir,
}

impl Shop {
    pub(crate) fn both() -> [Self; 2] {
        Database::both("shop").map(|database| Self {
            database,
            receipts: tempfile::tempdir().unwrap(),
        })
    }

    pub(crate) fn start_at(&self, address: &str) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
        command
            .env("DATABASE_URL", &self.database.url)
            .env("RECEIPTS", self.receipts.path())
            .env("INTERNAL", "127.0.0.1:0")
            .env("LEASE", "1");
        Process::start_at(&mut command, address)
    }

    pub(crate) fn receipts(&self) -> usize {
        fs::read_dir(self.receipts.path()).unwrap().count()
    }

    /// Waits until each order has its effects, and returns the number of orders.
    pub(crate) fn wait_until_done(&self, process: &Process) -> usize {
        let begun = Instant::now();
        loop {
            let orders = json(process, "/orders")["pagination"]["total"]
                .as_u64()
                .unwrap();
            let sold = json(process, "/products/1")["sold"].as_u64().unwrap();
            let orders = usize::try_from(orders).unwrap();
            let effects = (usize::try_from(sold).unwrap(), self.receipts());
            if effects == (orders, orders) {
                return orders;
            }
            assert!(
                effects.0 <= orders && effects.1 <= orders,
                "{orders} orders have {effects:?} effects"
            );
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "{effects:?} of {orders}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

pub(crate) fn json(process: &Process, path: &str) -> Value {
    serde_json::from_str(&process.send("GET", path, "").body).unwrap()
}
