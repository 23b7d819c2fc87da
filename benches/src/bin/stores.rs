//! The processor time of a replica for what it shares with others, and what the servers do in a second.
//!
//! ```sh
//! DATABASE_URL=postgres://localhost/bench REDIS_URL=redis://localhost \
//!     cargo run --release -p resourceful-benches --no-default-features --features stores --bin stores
//! ```

use std::time::{Duration, Instant};

use resourceful::{Error, Result};
use resourceful_bus::{Bus, MemoryBroker, PostgresBroker, Received, RedisBroker, Topic};
use resourceful_db::{Db, Tx};
use resourceful_outbox::{InTransaction, Job, Outbox, Worker};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

/// Operations at the same time.
const CONCURRENCY: u32 = 32;

const TEXTS: Topic<String> = Topic::new("bench");

/// Processor time of this process.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let [seconds, nanos] = [time.tv_sec, time.tv_nsec].map(i64::unsigned_abs);
    Duration::from_secs(seconds) + Duration::from_nanos(nanos)
}

/// Prints what `count` operations cost.
async fn measure(name: &str, count: u32, work: impl Future<Output = Result<()>>) -> Result<()> {
    let (began, started) = (processor_time(), Instant::now());
    work.await?;
    let (processor, elapsed) = (processor_time().saturating_sub(began), started.elapsed());
    let micros = processor.as_secs_f64() * 1e6 / f64::from(count);
    let rate = f64::from(count) / elapsed.as_secs_f64();
    println!("{name:48} {micros:6.1} µs of processor time, {rate:7.0} in a second");
    Ok(())
}

/// Runs `count` operations, some at the same time.
async fn many<F>(count: u32, operation: impl Fn() -> F) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut running = JoinSet::new();
    for _ in 0..count {
        if running.len() >= CONCURRENCY as usize
            && let Some(ended) = running.join_next().await
        {
            ended.map_err(Error::internal)??;
        }
        running.spawn(operation());
    }
    while let Some(ended) = running.join_next().await {
        ended.map_err(Error::internal)??;
    }
    Ok(())
}

async fn measure_bus(name: &str, bus: &Bus, count: u32) -> Result<()> {
    let publish = || {
        let bus = bus.clone();
        let text = "x".repeat(100);
        async move { bus.publish(&TEXTS, &text).await.map(drop) }
    };
    measure(&format!("{name}: publish"), count, many(count, publish)).await?;
    let mut texts = bus.subscribe(&TEXTS).await?;
    let receive = tokio::spawn(async move {
        let mut received = 0;
        while received < count {
            match texts.receive().await {
                Received::Message { .. } => received += 1,
                Received::Missed(missed) => {
                    let missed = missed.and_then(|missed| u32::try_from(missed).ok());
                    received += missed.unwrap_or_default();
                }
            }
        }
    });
    let both = async {
        many(count, publish).await?;
        receive.await.map_err(Error::internal)
    };
    measure(&format!("{name}: publish and receive"), count, both).await
}

#[derive(Serialize, Deserialize)]
struct Nothing;

impl Job for Nothing {
    const NAME: &'static str = "nothing";
    type Effect = InTransaction;
    type State = ();

    async fn run(&self, (): &(), _: &Tx) -> Result<()> {
        Ok(())
    }
}

async fn measure_outbox(name: &str, db: &Db, count: u32) -> Result<()> {
    let outbox = Outbox::new(db.clone()).await?;
    let enqueue = || {
        let (db, outbox) = (db.clone(), outbox.clone());
        async move {
            let tx = db.begin().await?;
            outbox.enqueue(&tx, &Nothing).await?;
            tx.commit().await?;
            Ok(())
        }
    };
    measure(
        &format!("{name}: enqueue a job, alone"),
        count,
        many(count, enqueue),
    )
    .await?;
    let done = async {
        let worker = Worker::new(&outbox)
            .concurrency(8)
            .job::<Nothing>(())
            .start()?;
        let sql = "SELECT id FROM outbox_job LIMIT 1";
        while !is_empty(db, sql).await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        worker.drain().await
    };
    measure(&format!("{name}: do a job in a transaction"), count, done).await?;
    let worker = Worker::new(&outbox).job::<Nothing>(()).start()?;
    let idle = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Ok(())
    };
    measure(
        &format!("{name}: ask for jobs, when there are none"),
        20,
        idle,
    )
    .await?;
    worker.drain().await
}

async fn is_empty(db: &Db, sql: &str) -> Result<bool> {
    use sea_orm::{ConnectionTrait, Statement};
    let row = db
        .query_one_raw(Statement::from_string(db.backend(), sql))
        .await;
    Ok(row.map_err(resourceful_db::DbError::from)?.is_none())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    measure_bus("bus in memory", &Bus::new(MemoryBroker::default()), 200_000).await?;
    if let Ok(url) = std::env::var("REDIS_URL") {
        let broker = RedisBroker::new(&url).map_err(Error::internal)?;
        measure_bus("bus, Redis", &Bus::new(broker), 50_000).await?;
    }
    if let Ok(url) = std::env::var("DATABASE_URL") {
        let db = Db::connect(&url).await?;
        let broker = PostgresBroker::new(db.clone()).await?;
        measure_bus("bus, PostgreSQL", &Bus::new(broker), 5_000).await?;
        measure_outbox("outbox, PostgreSQL", &db, 5_000).await?;
    }
    Ok(())
}
