//! A small resource in memory, and a client of it.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Once};
use std::task::{Context, Poll};
use std::thread;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use resourceful::prelude::*;
use tokio::runtime::Builder;

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Post {
    pub(crate) id: i64,
    pub(crate) title: String,
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct NewPost {
    #[garde(length(chars, min = 1, max = 20))]
    pub(crate) title: String,
}

#[derive(Default, Deserialize, JsonSchema, Validate)]
#[serde(default)]
pub(crate) struct PostChanges {
    #[garde(inner(length(chars, min = 1, max = 20)))]
    pub(crate) title: Change<String>,
}

/// All six hooks.
#[derive(Default)]
pub(crate) struct Posts {
    posts: Mutex<Vec<Post>>,
}

impl Posts {
    /// Posts with the ids 1 to `count`.
    pub(crate) fn with(count: i64) -> Self {
        let posts = (1..=count)
            .map(|id| Post {
                id,
                title: format!("Post {id}"),
            })
            .collect();
        Self {
            posts: Mutex::new(posts),
        }
    }

    fn change(&self, id: i64, change: impl FnOnce(&mut Post)) -> Result<Post> {
        let mut posts = self.posts.lock().unwrap();
        let post = posts
            .iter_mut()
            .find(|post| post.id == id)
            .ok_or_else(missing)?;
        change(post);
        Ok(post.clone())
    }
}

fn missing() -> Error {
    Error::not_found("Post not found")
}

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn list(&self, _: &Request, page: PageNumber) -> Result<Page<Post>> {
        let posts = self.posts.lock().unwrap();
        Ok(page.slice(&posts))
    }

    async fn create(&self, _: &Request, new: NewPost) -> Result<Post> {
        let mut posts = self.posts.lock().unwrap();
        let post = Post {
            id: posts.last().map_or(1, |post| post.id + 1),
            title: new.title,
        };
        posts.push(post.clone());
        Ok(post)
    }

    async fn retrieve(&self, _: &Request, id: i64) -> Result<Post> {
        self.change(id, |_| {})
    }

    async fn update(&self, _: &Request, id: i64, new: NewPost) -> Result<Post> {
        self.change(id, |post| post.title = new.title)
    }

    async fn partial_update(&self, _: &Request, id: i64, changes: PostChanges) -> Result<Post> {
        self.change(id, |post| {
            post.title = changes.title.unwrap_or(post.title.clone());
        })
    }

    async fn destroy(&self, _: &Request, id: i64) -> Result<()> {
        let mut posts = self.posts.lock().unwrap();
        let index = posts
            .iter()
            .position(|post| post.id == id)
            .ok_or_else(missing)?;
        posts.remove(index);
        Ok(())
    }

    fn location_id(&self, post: &Post) -> Option<i64> {
        Some(post.id)
    }
}

/// `/posts` with the ids 1 to 25.
pub(crate) fn app() -> App {
    App::new().resource("/posts", Posts::with(25))
}

pub(crate) fn client() -> TestClient {
    TestClient::new(app()).unwrap()
}

pub(crate) async fn hello(_: Request) -> Result<&'static str> {
    Ok("hello")
}

type Next = Poll<Option<Result<Frame<Bytes>, Infallible>>>;

/// A body that does what no honest one does.
pub(crate) struct OddBody {
    size: SizeHint,
    next: fn() -> Next,
}

impl OddBody {
    /// Panics when it is read.
    pub(crate) fn untouchable(size: SizeHint) -> Self {
        Self {
            size,
            next: || panic!("the body was read"),
        }
    }

    /// Never ends, and does not say so.
    pub(crate) fn endless() -> Self {
        let spaces = || Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b' '; 64 * 1024])))));
        Self {
            size: SizeHint::new(),
            next: spaces,
        }
    }

    /// Its next part never comes.
    pub(crate) fn stuck() -> Self {
        Self {
            size: SizeHint::new(),
            next: || Poll::Pending,
        }
    }
}

impl http_body::Body for OddBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Next {
        (self.next)()
    }

    fn size_hint(&self) -> SizeHint {
        self.size
    }
}

/// Collects what the log says.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A span that is reached for the first time by one test while another makes its subscriber can be
/// taken by `tracing` for one that nobody listens to. Reached before, it is looked at again then.
fn reach_the_span() {
    static REACHED: Once = Once::new();
    REACHED.call_once(|| {
        let request = || async { TestClient::new(app()).unwrap().get("/posts/1").await };
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        thread::spawn(move || runtime.block_on(request()))
            .join()
            .unwrap();
    });
}

impl Log {
    pub(crate) fn subscriber(&self, level: tracing::Level) -> impl tracing::Subscriber + use<> {
        reach_the_span();
        let writer = self.clone();
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .finish()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
