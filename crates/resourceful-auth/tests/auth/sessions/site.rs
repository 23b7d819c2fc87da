//! A site with sessions, and browsers that keep its cookie.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::Method;
use resourceful::prelude::*;
use resourceful::{Guarded, Maybe, SignedIn, TestResponse, WithCookie};
use resourceful_auth::{MemorySessionStore, SessionKey, SessionStore, Sessions, StoredSession};
use tokio::sync::Barrier;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) visits: u32,
}

/// A clock that tests move.
#[derive(Clone, Debug)]
pub(super) struct Clock(Arc<AtomicU64>);

impl Clock {
    /// It starts at the present time, because Redis has a clock of its own.
    pub(super) fn start() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self(Arc::new(AtomicU64::new(now.unwrap().as_secs())))
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

pub(super) fn sessions(clock: &Clock) -> Sessions<User> {
    sessions_in(MemorySessionStore::default(), clock)
}

pub(super) fn sessions_in(store: impl SessionStore, clock: &Clock) -> Sessions<User> {
    let clock = clock.clone();
    Sessions::new(store).with_clock(move || clock.now())
}

#[endpoint]
async fn name(request: &Request<Option<User>>) -> Result<String> {
    let name = request.caller().as_ref().map(|user| user.name.clone());
    Ok(name.unwrap_or_else(|| "nobody".to_owned()))
}

#[endpoint]
async fn members(request: &Request<User>) -> Result<String> {
    Ok(request.caller().name.clone())
}

fn view<F>(
    sessions: &Sessions<User>,
    run: impl Fn(Sessions<User>, Request) -> F + Clone + Send + Sync + 'static,
) -> Guarded<Public, impl Fn(Request) -> F + Clone + Send + Sync + 'static> {
    let sessions = sessions.clone();
    public(move |request: Request| run(sessions.clone(), request))
}

pub(super) fn app(sessions: &Sessions<User>) -> App {
    let sign_in = |sessions: Sessions<User>, request: Request| async move {
        let name = request.header("x-name").unwrap_or("ada").to_owned();
        let user = User {
            name: name.clone(),
            visits: 0,
        };
        let owner = request.header("x-owner").unwrap_or(&name);
        let cookie = sessions.sign_in(&request, &user, owner).await?;
        Ok::<_, Error>(().with_cookie(cookie))
    };
    let sign_out = |sessions: Sessions<User>, request: Request| async move {
        Ok::<_, Error>(().with_cookie(sessions.sign_out(&request).await?))
    };
    let who = || guarded::<Maybe<Sessions<User>>, _>(name).state(sessions);
    let members = || guarded::<SignedIn<Sessions<User>>, _>(members).state(sessions);
    let visits = |sessions: Sessions<User>, request: Request| async move {
        let session = sessions.session(&request).await?;
        Ok::<_, Error>(Json(session.data.visits))
    };
    // Both of two requests read before one of them saves.
    let barrier = Arc::new(Barrier::new(2));
    let visit = move |sessions: Sessions<User>, request: Request| {
        let barrier = Arc::clone(&barrier);
        async move {
            let mut session = sessions.session(&request).await?;
            session.data.visits += 1;
            if request.header("x-wait").is_some() {
                barrier.wait().await;
            }
            sessions.save(&mut session).await?;
            if request.header("x-twice").is_some() {
                session.data.visits += 1;
                sessions.save(&mut session).await?;
            }
            Ok::<_, Error>(())
        }
    };
    App::new()
        .post("/sign-in", view(sessions, sign_in))
        .post("/sign-out", view(sessions, sign_out))
        .get("/", who())
        .post("/", who())
        .get("/members", members())
        .post("/members", members())
        .get("/visits", view(sessions, visits))
        .post("/visits", view(sessions, visit.clone()))
        // The library finishes an unsafe request whose client has disconnected, and drops a safe one.
        .get("/dropped/sign-in", view(sessions, sign_in))
        .get("/dropped/sign-out", view(sessions, sign_out))
        .get("/dropped/visits", view(sessions, visit))
}

/// A browser: it keeps the cookie that a response sets.
#[derive(Clone)]
pub(super) struct Browser {
    client: Arc<TestClient>,
    pub(super) cookie: Option<String>,
}

impl Browser {
    pub(super) fn new(app: App) -> Self {
        Self {
            client: Arc::new(TestClient::new(app).unwrap()),
            cookie: None,
        }
    }

    /// Another browser of the same site.
    pub(super) fn other(&self) -> Self {
        Self {
            client: Arc::clone(&self.client),
            cookie: None,
        }
    }

    pub(super) fn with_cookie(&self, cookie: impl Into<String>) -> Self {
        Self {
            client: Arc::clone(&self.client),
            cookie: Some(cookie.into()),
        }
    }

    pub(super) async fn send(
        &mut self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
    ) -> TestResponse {
        let mut request = self.client.request(method, path);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        for (name, value) in fields {
            request = request.header(name, value);
        }
        let response = request.await;
        if let Some(field) = response.headers().get("set-cookie") {
            let field = field.to_str().unwrap();
            let (pair, attributes) = field.split_once(';').unwrap();
            let is_removal = attributes.contains("Max-Age=0");
            self.cookie = (!is_removal).then(|| pair.to_owned());
        }
        response
    }

    pub(super) async fn get(&mut self, path: &str) -> TestResponse {
        self.send(Method::GET, path, &[]).await
    }

    pub(super) async fn post(&mut self, path: &str) -> TestResponse {
        self.send(Method::POST, path, &[]).await
    }

    pub(super) async fn sign_in(&mut self, name: &str) -> String {
        let response = self
            .send(Method::POST, "/sign-in", &[("x-name", name)])
            .await;
        assert_eq!(response.status(), 204, "{}", response.text());
        self.cookie.clone().unwrap()
    }

    /// The status and the name of the caller.
    pub(super) async fn who(&mut self) -> (u16, String) {
        let response = self.get("/").await;
        (response.status().as_u16(), response.text().to_owned())
    }

    pub(super) async fn assert_is(&mut self, name: &str) {
        assert_eq!(self.who().await, (200, name.to_owned()));
    }

    /// The cookie is refused, and the browser forgets it.
    pub(super) async fn assert_is_refused(&mut self) {
        let response = self.get("/").await;
        assert_eq!(response.status(), 401);
        assert_eq!(
            response.headers()["www-authenticate"],
            "Cookie cookie-name=\"__Host-session\""
        );
        assert_eq!(self.cookie, None);
        self.assert_is("nobody").await;
    }
}

/// Polls a future up to this number of times and drops it. Returns its output if it was ready.
pub(super) async fn polled<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        let poll = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(output) = poll {
            return Some(output);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// A store in memory that yields before and after each operation, counts its writes, and can be away.
#[derive(Clone, Debug, Default)]
pub(super) struct Probe {
    store: MemorySessionStore,
    is_away: Arc<AtomicBool>,
    touches: Arc<AtomicU64>,
}

impl Probe {
    pub(super) fn go_away(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }

    pub(super) fn come_back(&self) {
        self.is_away.store(false, Ordering::Relaxed);
    }

    pub(super) fn touches(&self) -> u64 {
        self.touches.load(Ordering::Relaxed)
    }

    async fn run<T>(&self, operation: impl Future<Output = Result<T>> + Send) -> Result<T> {
        tokio::task::yield_now().await;
        if self.is_away.load(Ordering::Relaxed) {
            return Err(Error::unavailable(Duration::from_secs(5)));
        }
        let result = operation.await;
        tokio::task::yield_now().await;
        result
    }
}

#[async_trait]
impl SessionStore for Probe {
    async fn create(&self, key: SessionKey, session: StoredSession) -> Result<()> {
        self.run(self.store.create(key, session)).await
    }

    async fn find(&self, key: SessionKey) -> Result<Option<StoredSession>> {
        self.run(self.store.find(key)).await
    }

    async fn replace(&self, key: SessionKey, version: i64, data: &str) -> Result<bool> {
        self.run(self.store.replace(key, version, data)).await
    }

    async fn touch(&self, key: SessionKey, last_seen_at: i64, expires_at: i64) -> Result<()> {
        self.touches.fetch_add(1, Ordering::Relaxed);
        self.run(self.store.touch(key, last_seen_at, expires_at))
            .await
    }

    async fn delete(&self, key: SessionKey) -> Result<()> {
        self.run(self.store.delete(key)).await
    }

    async fn delete_all(&self, owner: &str) -> Result<()> {
        self.run(self.store.delete_all(owner)).await
    }

    async fn list(&self, owner: &str) -> Result<Vec<(SessionKey, StoredSession)>> {
        self.run(self.store.list(owner)).await
    }
}
