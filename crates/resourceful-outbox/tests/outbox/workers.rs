//! Workers stop, end or are overtaken, and their jobs are done once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use resourceful::Result;
use resourceful_db::Tx;
use resourceful_outbox::{InTransaction, Job, RunningWorker};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::parts::{
    Act, Actions, AddEffect, Gate, Shop, Step, TIMEOUT, Wait, add_effect, impatient, shared,
};

/// A worker whose jobs wait for the gate.
fn waiting(shop: &Shop, gate: &Arc<Gate>) -> RunningWorker {
    let worker = shop.worker().job::<Wait>(Arc::clone(gate));
    worker.start().unwrap()
}

/// Waits until a job has begun.
async fn begun(gate: &Gate) {
    timeout(TIMEOUT, gate.begun.notified()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_waits_for_what_runs_and_claims_nothing_more() {
    for shop in Shop::both().await {
        let gate = shared::<Gate>();
        let worker = shop.worker().concurrency(1).job::<Wait>(Arc::clone(&gate));
        let worker = worker.start().unwrap();
        shop.enqueue(&Wait).await;
        shop.enqueue(&Wait).await;
        begun(&gate).await;
        let drained = tokio::spawn(worker.drain());
        // Longer than the lease, which is renewed.
        tokio::time::sleep(Duration::from_millis(800)).await;
        assert!(!drained.is_finished());
        gate.end.notify_one();
        timeout(TIMEOUT, drained).await.unwrap().unwrap().unwrap();
        assert_eq!(gate.ended.load(Ordering::Relaxed), 1);
        let left = "SELECT count(*) FROM outbox_job WHERE claims = 0";
        assert_eq!(shop.number(left).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_drain_cannot_wait_for_is_given_back_at_once() {
    for shop in Shop::both().await {
        let gate = shared::<Gate>();
        let worker = shop.worker().lease(Duration::from_hours(1));
        let worker = worker.drain_timeout(Duration::from_millis(50));
        let worker = worker.job::<Wait>(Arc::clone(&gate)).start().unwrap();
        shop.enqueue(&Wait).await;
        begun(&gate).await;
        timeout(TIMEOUT, worker.drain()).await.unwrap().unwrap();
        let back = "SELECT count(*) FROM outbox_job WHERE attempts = 0 AND claims = 2";
        assert_eq!(shop.number(back).await, 1);

        let other = waiting(&shop, &gate);
        begun(&gate).await;
        gate.end.notify_one();
        shop.idle().await;
        other.drain().await.unwrap();
        assert_eq!(gate.ended.load(Ordering::Relaxed), 1);
    }
}

/// A worker that ends without a word leaves its job to others, after the lease.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_a_worker_that_has_ended_is_done_by_another() {
    for shop in Shop::both().await {
        let gate = shared::<Gate>();
        let first = waiting(&shop, &gate);
        shop.enqueue(&Wait).await;
        begun(&gate).await;
        drop(first);
        let second = waiting(&shop, &gate);
        begun(&gate).await;
        gate.end.notify_one();
        shop.idle().await;
        second.drain().await.unwrap();
        assert_eq!(gate.ended.load(Ordering::Relaxed), 1);
    }
}

/// A worker whose lease was over, without knowing it, can neither remove the job nor commit its effect.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_overtaken_changes_nothing() {
    for shop in Shop::both().await {
        let gate = shared::<Gate>();
        let first = waiting(&shop, &gate);
        shop.enqueue(&Wait).await;
        begun(&gate).await;
        // As another worker claims it.
        let claim = "UPDATE outbox_job SET claims = claims + 1, run_at = run_at + 3600000";
        shop.db.execute_unprepared(claim).await.unwrap();
        gate.end.notify_one();
        timeout(TIMEOUT, first.drain()).await.unwrap().unwrap();
        assert_eq!(shop.number("SELECT count(*) FROM outbox_job").await, 1);
        // The hook was dropped at the next renewal, or its result was not taken.
        assert!(gate.ended.load(Ordering::Relaxed) <= 1);
    }
}

/// A job in a transaction that begins after its lease was over.
#[derive(Serialize, Deserialize)]
struct Slow;

#[derive(Default)]
struct SlowGate {
    begun: Notify,
    end: Notify,
}

impl Job for Slow {
    const NAME: &'static str = "slow";
    type Effect = InTransaction;
    type State = SlowGate;

    async fn run(&self, gate: &SlowGate, tx: &Tx) -> Result<()> {
        add_effect(tx, 1).await?;
        gate.begun.notify_one();
        gate.end.notified().await;
        Ok(())
    }
}

/// The lock of the transaction is the lease: it is longer than the time of the lease.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_in_a_transaction_is_claimed_by_nobody_else_until_its_end() {
    for shop in Shop::both().await {
        let gate = shared::<SlowGate>();
        shop.enqueue(&Slow).await;
        let mut workers = Vec::new();
        for _ in 0..3 {
            let outbox = shop.elsewhere().await;
            let worker = impatient(resourceful_outbox::Worker::new(&outbox));
            let worker = worker.lease(Duration::from_millis(100));
            workers.push(worker.job::<Slow>(Arc::clone(&gate)).start().unwrap());
        }
        timeout(TIMEOUT, gate.begun.notified()).await.unwrap();
        // Many leases.
        let again = timeout(Duration::from_secs(1), gate.begun.notified()).await;
        assert!(again.is_err());

        gate.end.notify_waiters();
        shop.idle().await;
        for worker in workers {
            timeout(TIMEOUT, worker.drain()).await.unwrap().unwrap();
        }
        assert_eq!(shop.effects().await, 1);
    }
}

/// Its lease is renewed by another thread.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_blocks_its_thread_is_done_once() {
    for shop in Shop::both().await {
        let actions = shared::<Actions>();
        let worker = shop.worker().job::<Act>(Arc::clone(&actions));
        let worker = worker.start().unwrap();
        let steps = vec![Step::Block];
        shop.enqueue(&Act { number: 1, steps }).await;
        shop.idle().await;
        worker.drain().await.unwrap();
        assert_eq!(actions.done(), [1]);
        assert_eq!(actions.begun.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_worker_lists_all_mistakes() {
    let [shop, _] = Shop::both().await;
    let every = || resourceful_outbox::Schedule::every(Duration::from_secs(1)).unwrap();
    let error = shop.worker().start().unwrap_err();
    let text = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(text, "the worker has no jobs");
    let worker = shop.worker().job::<AddEffect>(()).job::<AddEffect>(());
    let worker = worker.schedule("nightly", every(), &Wait);
    let worker = worker.schedule("nightly", every(), &AddEffect(1));
    let never = resourceful_outbox::Schedule::cron("0 0 31 2 *").unwrap();
    let worker = worker.schedule("never", never, &AddEffect(1));
    let error = worker.start().unwrap_err();
    let text = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        text,
        "two types of jobs have the name `add-effect`; two schedules have the name `nightly`; \
         the schedule `never` has no time that will come; \
         schedule `nightly`: the worker has no jobs `wait`"
    );
}

/// A job in a transaction that takes longer than others wait for it.
#[derive(Serialize, Deserialize)]
struct Long;

impl Job for Long {
    const NAME: &'static str = "long";
    const MAX_ATTEMPTS: u32 = 1;
    type Effect = InTransaction;
    type State = ();

    async fn run(&self, (): &(), tx: &Tx) -> Result<()> {
        add_effect(tx, 1).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(())
    }
}

/// On SQLite one transaction writes at a time. A job that waited for it in vain has not begun, and loses no attempt.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_the_database_is_no_attempt() {
    let [shop, _] = Shop::both().await;
    for _ in 0..5 {
        shop.enqueue(&Long).await;
    }
    let options = resourceful_db::Db::options().acquire_timeout(Duration::from_millis(100));
    let outbox = shop.elsewhere_with(options).await;
    let worker = impatient(resourceful_outbox::Worker::new(&outbox)).job::<Long>(());
    let worker = worker.start().unwrap();
    shop.idle().await;
    worker.drain().await.unwrap();
    let dead = shop.number("SELECT count(*) FROM outbox_job").await;
    assert_eq!((shop.effects().await, dead), (5, 0));
}

/// A job elsewhere after which the database is busy for longer than its time limit.
#[derive(Serialize, Deserialize)]
struct Quick;

struct Busy {
    db: resourceful_db::Db,
    done: std::sync::atomic::AtomicU32,
}

impl Job for Quick {
    const NAME: &'static str = "quick";
    const TIMEOUT: Duration = Duration::from_millis(100);
    type Effect = resourceful_outbox::Elsewhere;
    type State = Busy;

    async fn run(&self, busy: &Busy, _: &resourceful_outbox::Attempt) -> Result<()> {
        let tx = busy.db.begin().await?;
        add_effect(&tx, 1).await?;
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(400)).await;
            tx.commit().await
        });
        busy.done.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// The time limit is that of the hook. After the effect, the removal takes as long as the database needs.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_not_done_again_because_the_database_is_slow() {
    let [shop, _] = Shop::both().await;
    shop.enqueue(&Quick).await;
    let busy = Arc::new(Busy {
        db: shop.db.clone(),
        done: std::sync::atomic::AtomicU32::new(0),
    });
    let worker = shop.worker().lease(Duration::from_secs(30));
    let worker = worker.job::<Quick>(Arc::clone(&busy)).start().unwrap();
    while shop.effects().await == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    shop.idle().await;
    worker.drain().await.unwrap();
    assert_eq!(busy.done.load(Ordering::Relaxed), 1);
}
