//! [`Worker`]: does the jobs of an outbox.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use resourceful::{Error, Result};
use resourceful_db::DbError;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::backoff::Backoff;
use crate::job::Job;
use crate::metrics;
use crate::outbox::{Outbox, payload};
use crate::report::report;
use crate::running::{Handler, JobHandler, describe};
use crate::schedule::Schedule;
use crate::table::{Claim, Table};

/// A schedule that is late by more than this was not watched by any worker, and enqueues one job for all that it missed.
const MAX_LATE: i64 = 60_000;

/// A definition that no worker has seen for this time is one that no worker has any more.
const IDLE: Duration = Duration::from_mins(2);

/// Time between two looks at the definition of a schedule.
const SEE_INTERVAL: Duration = Duration::from_secs(30);

/// The times of one schedule for which jobs are enqueued before jobs are claimed again.
const MAX_FIRINGS: usize = 100;

/// Longest setting: a time that is added to another one has an end.
const MAX_DURATION: Duration = Duration::from_hours(24 * 365);

/// Time limit for jobs to end when they are aborted.
const ABORT_TIMEOUT: Duration = Duration::from_secs(1);

/// Time limit at the stop for the statement that runs, and for giving jobs back.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Pause after an error of the database.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

/// Does the jobs of an outbox. Any number of workers, in any number of processes, share them.
///
/// A worker claims a job with a lease (default: 1 minute), which it renews. If its process ends, another worker claims the
/// job when the lease is over. A job whose type it does not have, it leaves to others.
///
/// # Examples
/// See the [crate](crate).
#[must_use = "a worker does nothing before `start`"]
pub struct Worker {
    table: Table,
    handlers: HashMap<&'static str, Arc<dyn Handler>>,
    schedules: Vec<Scheduled>,
    mistakes: Vec<String>,
    concurrency: usize,
    lease: Duration,
    poll_interval: Duration,
    drain_timeout: Duration,
    backoff: Backoff,
}

/// A job that a schedule enqueues.
struct Scheduled {
    name: &'static str,
    schedule: Schedule,
    job: &'static str,
    payload: String,
    /// Whether the table has had this definition of it since the start.
    is_known: bool,
    /// When it is due next, as far as is known.
    next_at: Option<i64>,
    /// When the worker has last told the others that it has this definition.
    seen_at: Instant,
}

impl Worker {
    /// A worker that has no jobs yet.
    pub fn new(outbox: &Outbox) -> Self {
        Self {
            table: outbox.table().clone(),
            handlers: HashMap::new(),
            schedules: Vec::new(),
            mistakes: Vec::new(),
            concurrency: 4,
            lease: Duration::from_mins(1),
            poll_interval: Duration::from_millis(500),
            drain_timeout: Duration::from_secs(20),
            backoff: Backoff {
                first: Duration::from_secs(1),
                max: Duration::from_hours(6),
            },
        }
    }

    /// Does the jobs of this type, which get this state.
    pub fn job<J: Job>(mut self, state: impl Into<Arc<J::State>>) -> Self {
        let handler = Arc::new(JobHandler::<J>::new(state.into()));
        if self.handlers.insert(J::NAME, handler).is_some() {
            let mistake = format!("two types of jobs have the name `{}`", J::NAME);
            self.mistakes.push(mistake);
        }
        self
    }

    /// Enqueues this job at these times: of all workers whose schedule has this name, one does it each time. If no worker ran
    /// for over a minute, all that was missed is one job. The schedule is stored by its name: a worker that starts with
    /// another schedule of this name replaces it.
    pub fn schedule<J: Job>(mut self, name: &'static str, schedule: Schedule, job: &J) -> Self {
        if schedule.next_after(Utc::now().timestamp_millis()).is_none() {
            let mistake = format!("the schedule `{name}` has no time that will come");
            self.mistakes.push(mistake);
        }
        if self.schedules.iter().any(|other| other.name == name) {
            let mistake = format!("two schedules have the name `{name}`");
            self.mistakes.push(mistake);
        }
        match payload(job) {
            Ok(payload) => self.schedules.push(Scheduled {
                name,
                schedule,
                job: J::NAME,
                payload,
                is_known: false,
                next_at: None,
                seen_at: Instant::now(),
            }),
            Err(error) => {
                let mistake = format!("schedule `{name}`: {}", describe(&error));
                self.mistakes.push(mistake);
            }
        }
        self
    }

    /// Sets the number of jobs that it does at the same time (default: 4). Jobs in transactions have a connection each.
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.concurrency = jobs.max(1);
        self
    }

    /// Sets the time after which another worker claims a job of a process that has ended (default: 1 minute, at least 100
    /// ms).
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.clamp(Duration::from_millis(100), MAX_DURATION);
        self
    }

    /// Sets how often the database is asked for jobs (default: 500 ms). While there are more jobs than it does at the same
    /// time, it asks when one is done.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval.clamp(Duration::from_millis(1), MAX_DURATION);
        self
    }

    /// Sets the pause after the first failed attempt (default: 1 s), which doubles with each one, and the longest pause
    /// (default: 6 hours). A pause is shorter by a random part of its half.
    pub fn backoff(mut self, first: Duration, max: Duration) -> Self {
        self.backoff = Backoff { first, max };
        self
    }

    /// Sets how long [`drain`](RunningWorker::drain) waits for jobs that run (default: 20 s).
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout.min(MAX_DURATION);
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// 500 with all mistakes: no job, two types of jobs with one name, two schedules with one name, a schedule of a job that
    /// the worker does not have, or one with no time that will come.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(mut self) -> Result<RunningWorker> {
        if self.handlers.is_empty() {
            self.mistakes.push("the worker has no jobs".to_owned());
        }
        for Scheduled { name, job, .. } in &self.schedules {
            if !self.handlers.contains_key(job) {
                let mistake = format!("schedule `{name}`: the worker has no jobs `{job}`");
                self.mistakes.push(mistake);
            }
        }
        if !self.mistakes.is_empty() {
            return Err(Error::internal(self.mistakes.join("; ")));
        }
        metrics::describe();
        let (stop, stopped) = watch::channel(false);
        let mut names: Vec<_> = self
            .handlers
            .values()
            .map(|handler| handler.name())
            .collect();
        names.sort_unstable();
        let mut reporting = JoinSet::new();
        if metrics::ARE_RECORDED {
            reporting.spawn(report(self.table.clone()));
        }
        let task = WorkerTask {
            worker: self,
            names,
            stopped,
            running: JoinSet::new(),
            claims: HashMap::new(),
            _reporting: reporting,
        };
        Ok(RunningWorker {
            stop,
            task: tokio::spawn(task.run()),
        })
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("jobs", &self.handlers.keys())
            .finish_non_exhaustive()
    }
}

/// A worker that runs, until it is drained. Dropped, it ends without waiting for its jobs: others do them when their leases
/// are over.
#[must_use = "dropped, the worker ends"]
#[derive(Debug)]
pub struct RunningWorker {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl RunningWorker {
    /// Claims no more jobs, and waits for those that run. What still runs after the time limit is ended and given back: any
    /// worker may run it at once, and the attempt does not count.
    ///
    /// # Errors
    /// 500 if the worker has panicked.
    ///
    /// # Examples
    /// ```
    /// # fn serve(app: resourceful::App, worker: resourceful_outbox::RunningWorker) -> resourceful::App {
    /// app.on_stop(|| worker.drain())
    /// # }
    /// ```
    pub async fn drain(mut self) -> Result<()> {
        self.stop.send_replace(true);
        (&mut self.task).await.map_err(Error::internal)
    }
}

impl Drop for RunningWorker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct WorkerTask {
    worker: Worker,
    names: Vec<&'static str>,
    stopped: watch::Receiver<bool>,
    running: JoinSet<()>,
    /// The claims of the tasks that run.
    claims: HashMap<Id, Claim>,
    /// Reports the backlog, until the worker ends.
    _reporting: JoinSet<()>,
}

impl WorkerTask {
    async fn run(mut self) {
        let mut is_away = false;
        while !*self.stopped.borrow() {
            let mut stopped = self.stopped.clone();
            let stopped = async {
                let _ = stopped.wait_for(|stopped| *stopped).await;
                sleep(STOP_TIMEOUT).await;
            };
            let turn = tokio::select! {
                turn = self.turn() => turn,
                // A statement takes too long. Jobs that it claims then are done after their lease.
                () = stopped => break,
            };
            let pause = match turn {
                Ok(()) => {
                    if is_away {
                        tracing::info!("the outbox is available again");
                    }
                    is_away = false;
                    self.worker.poll_interval
                }
                Err(error) => {
                    if !is_away {
                        tracing::warn!(error = error.to_string(), "the outbox is away");
                    }
                    is_away = true;
                    ERROR_PAUSE
                }
            };
            self.wait(pause).await;
        }
        self.drain().await;
    }

    /// Claims jobs, and enqueues those that are scheduled.
    async fn turn(&mut self) -> std::result::Result<(), DbError> {
        let free = self.worker.concurrency - self.running.len();
        if free > 0 {
            let Worker { table, lease, .. } = &self.worker;
            for claim in table.claim(&self.names, *lease, free).await? {
                self.spawn(claim);
            }
        }
        self.enqueue_scheduled().await
    }

    fn spawn(&mut self, claim: Claim) {
        let Some(handler) = self.worker.handlers.get(&*claim.name).map(Arc::clone) else {
            return;
        };
        let (table, backoff) = (self.worker.table.clone(), self.worker.backoff);
        let ours = claim.clone();
        let task = self
            .running
            .spawn(async move { handler.handle(&table, &claim, backoff).await });
        self.claims.insert(task.id(), ours);
    }

    /// Waits for the end of a pause or of a job, or for the stop.
    async fn wait(&mut self, pause: Duration) {
        let ended = tokio::select! {
            () = sleep(pause) => None,
            Some(ended) = self.running.join_next_with_id() => Some(ended),
            stopped = self.stopped.wait_for(|stopped| *stopped) => { drop(stopped); None }
        };
        if let Some(ended) = ended {
            self.ended(&ended);
        }
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.ended(&ended);
        }
    }

    fn ended(&mut self, ended: &std::result::Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        self.claims.remove(&id);
    }

    async fn drain(&mut self) {
        let deadline = Instant::now() + self.worker.drain_timeout;
        while let Ok(Some(ended)) = timeout_at(deadline, self.running.join_next_with_id()).await {
            self.ended(&ended);
        }
        // Their transactions end with them. One that blocks its thread cannot be ended.
        self.running.abort_all();
        let ended = async { while self.running.join_next().await.is_some() {} };
        let _ = timeout(ABORT_TIMEOUT, ended).await;
        let give_back = async {
            for (_, claim) in self.claims.drain() {
                let released = self.worker.table.release(&claim, Duration::ZERO).await;
                if released.is_ok_and(|released| released) {
                    tracing::warn!(job = claim.id.0, "a job was given back at the stop");
                }
            }
        };
        // The others are done after their leases.
        let _ = timeout(STOP_TIMEOUT, give_back).await;
    }

    async fn enqueue_scheduled(&mut self) -> std::result::Result<(), DbError> {
        if self.worker.schedules.is_empty() {
            return Ok(());
        }
        let table = &self.worker.table;
        let now = table.time().await?;
        for scheduled in &mut self.worker.schedules {
            scheduled.enqueue_due(table, now).await?;
        }
        Ok(())
    }
}

impl Scheduled {
    /// Enqueues the job for each time that has come, if no other worker has.
    async fn enqueue_due(&mut self, table: &Table, now: i64) -> std::result::Result<(), DbError> {
        if self.next_at.is_some() && self.seen_at.elapsed() >= SEE_INTERVAL {
            self.seen_at = Instant::now();
            if !table.see(self.name, self.schedule.definition()).await? {
                self.next_at = None;
            }
        }
        for _ in 0..MAX_FIRINGS {
            let Some(due) = self.next_at(table, now).await? else {
                return Ok(());
            };
            if due > now {
                return Ok(());
            }
            let from = if now - due > MAX_LATE { now } else { due };
            let following = self.schedule.next_after(from).unwrap_or(i64::MAX);
            let definition = self.schedule.definition();
            let tx = table.db().begin().await?;
            self.next_at = None;
            if !table
                .advance(&tx, self.name, definition, due, following)
                .await?
            {
                // Another worker does.
                return tx.rollback().await;
            }
            let payload = self.payload.clone();
            table.insert(&tx, self.job, payload, Duration::ZERO).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// When it is due next. `None`: never, or other workers have another definition of it, which is newer.
    async fn next_at(
        &mut self,
        table: &Table,
        now: i64,
    ) -> std::result::Result<Option<i64>, DbError> {
        if self.next_at.is_some() {
            return Ok(self.next_at);
        }
        let definition = self.schedule.definition();
        self.next_at = table.next_at(self.name, definition).await?;
        if self.next_at.is_none()
            && let Some(first) = self.schedule.next_after(now)
        {
            // Later, another definition is replaced only if no worker with it runs any more.
            let idle = if self.is_known { IDLE } else { Duration::ZERO };
            table.schedule(self.name, definition, first, idle).await?;
            self.next_at = table.next_at(self.name, definition).await?;
        }
        self.is_known |= self.next_at.is_some();
        Ok(self.next_at)
    }
}
