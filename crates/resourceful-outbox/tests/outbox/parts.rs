//! An outbox with a table of effects, and jobs that act on it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resourceful::{Error, Result};
use resourceful_db::{Db, DbError, DbOptions, Tx};
use resourceful_outbox::{Attempt, Elsewhere, InTransaction, Job, Outbox, Worker};
use resourceful_test_parts::Database;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub(crate) const TIMEOUT: Duration = Duration::from_mins(1);

/// The lease of an impatient worker.
pub(crate) const LEASE: Duration = Duration::from_millis(500);

pub(crate) struct Shop {
    pub(crate) db: Db,
    pub(crate) outbox: Outbox,
    database: Database,
}

impl Shop {
    async fn open(database: Database) -> Self {
        let db = Db::connect(&database.url).await.unwrap();
        db.execute_unprepared("CREATE TABLE effect (number integer, attempt integer)")
            .await
            .unwrap();
        let outbox = Outbox::new(db.clone()).await.unwrap();
        Self {
            db,
            outbox,
            database,
        }
    }

    pub(crate) async fn both() -> [Self; 2] {
        let [sqlite, postgres] = Database::both("outbox");
        [Self::open(sqlite).await, Self::open(postgres).await]
    }

    /// The outbox as another process opens it.
    pub(crate) async fn elsewhere(&self) -> Outbox {
        self.elsewhere_with(Db::options()).await
    }

    pub(crate) async fn elsewhere_with(&self, options: DbOptions) -> Outbox {
        let db = options.connect(&self.database.url).await.unwrap();
        Outbox::new(db).await.unwrap()
    }

    /// A worker without patience.
    pub(crate) fn worker(&self) -> Worker {
        impatient(Worker::new(&self.outbox))
    }

    pub(crate) async fn enqueue(&self, job: &impl Job) {
        let tx = self.db.begin().await.unwrap();
        self.outbox.enqueue(&tx, job).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let statement = Statement::from_string(self.db.backend(), sql);
        let row = self.db.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    pub(crate) async fn effects(&self) -> i64 {
        self.number("SELECT count(*) FROM effect").await
    }

    /// Waits until no job is left but dead ones.
    pub(crate) async fn idle(&self) {
        let left = "SELECT count(*) FROM outbox_job WHERE died_at IS NULL";
        eventually(async || self.number(left).await == 0).await;
    }
}

pub(crate) async fn eventually(mut is_met: impl AsyncFnMut() -> bool) {
    let met = async {
        while !is_met().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, met).await.unwrap();
}

pub(crate) fn impatient(worker: Worker) -> Worker {
    worker
        .poll_interval(Duration::from_millis(10))
        .lease(LEASE)
        .backoff(Duration::from_millis(10), Duration::from_millis(20))
}

/// An effect in the database.
#[derive(Serialize, Deserialize)]
pub(crate) struct AddEffect(pub(crate) i32);

pub(crate) async fn add_effect(tx: &Tx, number: i32) -> Result<()> {
    let insert = format!("INSERT INTO effect (number) VALUES ({number})");
    tx.execute_unprepared(&insert).await.map_err(of_database)?;
    Ok(())
}

pub(crate) fn of_database(error: DbErr) -> Error {
    DbError::from(error).into()
}

impl Job for AddEffect {
    const NAME: &'static str = "add-effect";
    type Effect = InTransaction;
    type State = ();

    async fn run(&self, (): &(), tx: &Tx) -> Result<()> {
        add_effect(tx, self.0).await
    }
}

/// The behaviour of a job of the type [`Act`] in an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    Succeed,
    Fail,
    Panic,
    /// Longer than the time limit.
    Hang,
    /// Blocks its thread for longer than the lease.
    Block,
}

/// An effect elsewhere: a number of the list of [`Actions`].
#[derive(Serialize, Deserialize)]
pub(crate) struct Act {
    pub(crate) number: i32,
    /// One for each attempt; the last one is repeated.
    pub(crate) steps: Vec<Step>,
}

#[derive(Default)]
pub(crate) struct Actions {
    /// The job, the attempt, and the key of each.
    pub(crate) begun: Mutex<Vec<(i32, u32, String)>>,
    pub(crate) done: Mutex<Vec<i32>>,
}

impl Actions {
    pub(crate) fn done(&self) -> Vec<i32> {
        let mut done = self.done.lock().unwrap().clone();
        done.sort_unstable();
        done
    }
}

/// The step of this attempt.
async fn step(steps: &[Step], attempt: u32) -> Result<()> {
    let index = usize::try_from(attempt).unwrap() - 1;
    match steps.get(index).or(steps.last()) {
        Some(Step::Fail) => Err(Error::internal("the mail server is away\0")),
        Some(Step::Panic) => panic!("a mistake"),
        Some(Step::Hang) => std::future::pending().await,
        Some(Step::Block) => {
            std::thread::sleep(3 * LEASE);
            Ok(())
        }
        Some(Step::Succeed) | None => Ok(()),
    }
}

impl Job for Act {
    const NAME: &'static str = "act";
    const MAX_ATTEMPTS: u32 = 4;
    const TIMEOUT: Duration = Duration::from_millis(200);
    type Effect = Elsewhere;
    type State = Actions;

    async fn run(&self, actions: &Actions, attempt: &Attempt) -> Result<()> {
        let begun = (self.number, attempt.number(), attempt.key());
        actions.begun.lock().unwrap().push(begun);
        step(&self.steps, attempt.number()).await?;
        actions.done.lock().unwrap().push(self.number);
        Ok(())
    }
}

/// The same in a transaction.
#[derive(Serialize, Deserialize)]
pub(crate) struct ActInTransaction(pub(crate) Act);

impl Job for ActInTransaction {
    const NAME: &'static str = "act-in-transaction";
    const MAX_ATTEMPTS: u32 = 4;
    const TIMEOUT: Duration = Duration::from_millis(200);
    type Effect = InTransaction;
    type State = AtomicU32;

    async fn run(&self, attempts: &AtomicU32, tx: &Tx) -> Result<()> {
        add_effect(tx, self.0.number).await?;
        let attempt = attempts.fetch_add(1, Ordering::Relaxed) + 1;
        step(&self.0.steps, attempt).await
    }
}

/// A job that ends when it is told to.
#[derive(Serialize, Deserialize)]
pub(crate) struct Wait;

#[derive(Default)]
pub(crate) struct Gate {
    pub(crate) begun: Notify,
    pub(crate) end: Notify,
    pub(crate) ended: AtomicU32,
}

impl Job for Wait {
    const NAME: &'static str = "wait";
    type Effect = Elsewhere;
    type State = Gate;

    async fn run(&self, gate: &Gate, _: &Attempt) -> Result<()> {
        gate.begun.notify_one();
        gate.end.notified().await;
        gate.ended.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

pub(crate) fn shared<T: Default>() -> Arc<T> {
    Arc::default()
}
