//! A resource that conforms to its document, with faults that can be switched on.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Mutex;

use resourceful::prelude::*;
use resourceful::{Input, Raw, Representation, Security};
use schemars::{Schema, SchemaGenerator};
use serde::ser::{SerializeMap, Serializer};

/// The faults.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Fault {
    #[default]
    None,
    InventsItems,
    DestroysNothing,
    ConflictsWhenUnknown,
    LeaksAField,
    IgnoresTheLimit,
    CutsBytes,
    ForgetsAMember,
    WritesIdsAsText,
    NamesAnotherField,
    CountsOnePage,
    KeepsWhatIsDestroyed,
    KeepsNothing,
}

#[derive(Clone, Debug, JsonSchema)]
pub(crate) struct Post {
    id: i64,
    title: String,
    kind: Kind,
    tags: Vec<String>,
    #[schemars(skip)]
    fault: Fault,
}

/// As serde would derive it, except for the faults.
impl Serialize for Post {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.fault {
            Fault::WritesIdsAsText => map.serialize_entry("id", &self.id.to_string())?,
            _ => map.serialize_entry("id", &self.id)?,
        }
        map.serialize_entry("title", &self.title)?;
        if self.fault != Fault::ForgetsAMember {
            map.serialize_entry("kind", &self.kind)?;
        }
        map.serialize_entry("tags", &self.tags)?;
        if self.fault == Fault::LeaksAField {
            map.serialize_entry("password_hash", "$argon2id$")?;
        }
        map.end()
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    #[default]
    News,
    Essay,
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct NewPost {
    /// The hooks check that it is not blank.
    #[garde(length(chars, min = 1, max = 40))]
    #[schemars(extend("pattern" = r"\S"))]
    title: String,
    #[serde(default)]
    #[garde(skip)]
    kind: Kind,
    #[serde(default)]
    #[garde(length(max = 3), inner(length(chars, max = 5)))]
    tags: Vec<String>,
    #[garde(range(min = 1, max = 5))]
    rating: Option<u8>,
}

#[derive(Default, Deserialize, JsonSchema, Validate)]
#[serde(default)]
pub(crate) struct PostChanges {
    #[garde(inner(length(chars, min = 1, max = 40)))]
    #[schemars(length(min = 1, max = 40), extend("pattern" = r"\S"))]
    title: Change<String>,
    #[garde(skip)]
    kind: Change<Kind>,
}

/// Has the schema of `NewPost`, but accepts any title.
#[derive(Deserialize, Validate)]
pub(crate) struct AnyTitle {
    #[garde(skip)]
    title: String,
    #[serde(default)]
    #[garde(skip)]
    kind: Kind,
    #[serde(default)]
    #[garde(length(max = 3), inner(length(chars, max = 5)))]
    tags: Vec<String>,
    #[garde(range(min = 1, max = 5))]
    rating: Option<u8>,
}

/// Has the schema of `NewPost`, but accepts null as a title.
#[derive(Deserialize, Validate)]
pub(crate) struct NullTitle {
    #[serde(deserialize_with = "Deserialize::deserialize")]
    #[garde(inner(length(chars, min = 1, max = 40)))]
    title: Option<String>,
    #[serde(default)]
    #[garde(skip)]
    kind: Kind,
    #[serde(default)]
    #[garde(length(max = 3), inner(length(chars, max = 5)))]
    tags: Vec<String>,
    #[garde(range(min = 1, max = 5))]
    rating: Option<u8>,
}

macro_rules! says_it_is_a_new_post {
    ($($liar:ident)*) => {$(
        impl JsonSchema for $liar {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                NewPost::schema_name()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                NewPost::schema_id()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                NewPost::json_schema(generator)
            }
        }
    )*};
}

says_it_is_a_new_post! { AnyTitle NullTitle }

/// The content of a post.
pub(crate) struct Draft {
    title: String,
    kind: Kind,
    tags: Vec<String>,
}

macro_rules! draft_from {
    ($($input:ident: $title:expr,)*) => {$(
        impl From<$input> for Draft {
            fn from(input: $input) -> Self {
                let _ = input.rating;
                Self { title: $title(input.title), kind: input.kind, tags: input.tags }
            }
        }
    )*};
}

draft_from! {
    NewPost: std::convert::identity,
    AnyTitle: std::convert::identity,
    NullTitle: |title: Option<String>| title.unwrap_or("untitled".to_owned()),
}

/// The representation of a post.
pub(crate) trait Answer: Representation + 'static {
    fn of(post: Post) -> Self;
    fn id(&self) -> Option<i64>;
}

impl Answer for Post {
    fn of(post: Post) -> Self {
        post
    }

    fn id(&self) -> Option<i64> {
        Some(self.id)
    }
}

/// Always 202.
impl Answer for Raw {
    fn of(post: Post) -> Self {
        let mut response = Json(post).into_response();
        *response.status_mut() = http::StatusCode::ACCEPTED;
        Self(response)
    }

    fn id(&self) -> Option<i64> {
        None
    }
}

/// Writing needs the token.
pub(crate) struct WritersKnowTheToken;

pub(crate) const TOKEN: &str = "Bearer s3cret";

fn is_safe(action: Option<Action>) -> bool {
    action.is_some_and(Action::is_safe)
}

fn for_writers(action: Option<Action>) -> Vec<Security> {
    if is_safe(action) {
        vec![Security::Public]
    } else {
        vec![Security::Bearer]
    }
}

impl<C: 'static, U: 'static, R: 'static> Access<Posts<C, U, R, Self>> for WritersKnowTheToken {
    type Caller = ();

    fn security(_: &Posts<C, U, R, Self>, action: Option<Action>) -> Vec<Security> {
        for_writers(action)
    }

    async fn check(_: &Posts<C, U, R, Self>, request: &Request) -> Result<()> {
        if is_safe(request.action()) || request.header("authorization") == Some(TOKEN) {
            Ok(())
        } else {
            Err(Error::unauthorized("Bearer"))
        }
    }
}

/// Documents the same security, but admits every request.
pub(crate) struct OpenDoor;

impl<C: 'static, U: 'static, R: 'static> Access<Posts<C, U, R, Self>> for OpenDoor {
    type Caller = ();

    fn security(_: &Posts<C, U, R, Self>, action: Option<Action>) -> Vec<Security> {
        for_writers(action)
    }

    async fn check(_: &Posts<C, U, R, Self>, _: &Request) -> Result<()> {
        Ok(())
    }
}

type Types<C, U, R, A> = PhantomData<fn() -> (C, U, R, A)>;

/// Posts that are created from a `C`, updated from a `U` and returned as an `R`.
pub(crate) struct Posts<C = NewPost, U = NewPost, R = Post, A = WritersKnowTheToken> {
    fault: Fault,
    stored: Mutex<BTreeMap<i64, Post>>,
    types: Types<C, U, R, A>,
}

impl<C, U, R, A> Posts<C, U, R, A> {
    pub(crate) fn with(fault: Fault) -> Self {
        Self {
            fault,
            stored: Mutex::default(),
            types: PhantomData,
        }
    }

    fn post(&self, id: i64, draft: Draft) -> Result<Post> {
        if draft.title.trim().is_empty() {
            let field = match self.fault {
                Fault::NamesAnotherField => "/kind",
                _ => "/title",
            };
            return Err(Error::invalid([FieldError::body(field, "is blank")]));
        }
        if self.fault == Fault::CutsBytes && draft.title.len() > 10 {
            drop(draft.title[..10].to_owned());
        }
        Ok(Post {
            id,
            title: draft.title,
            kind: draft.kind,
            tags: draft.tags,
            fault: self.fault,
        })
    }

    fn missing(&self) -> Error {
        match self.fault {
            Fault::ConflictsWhenUnknown => Error::conflict("There is no such post."),
            _ => Error::not_found("Post not found"),
        }
    }

    fn find(&self, id: i64) -> Result<Post> {
        let posts = self.stored.lock().unwrap();
        posts.get(&id).cloned().ok_or_else(|| self.missing())
    }

    fn replace(&self, post: Post) -> Post {
        let mut posts = self.stored.lock().unwrap();
        posts.insert(post.id, post.clone());
        post
    }
}

#[resource]
impl<C, U, R, A> AsyncResource for Posts<C, U, R, A>
where
    C: Input + Into<Draft>,
    U: Input + Into<Draft>,
    R: Answer,
    A: Access<Self, Caller = ()>,
{
    const NAME: &'static str = "posts";
    type Access = A;

    async fn list(&self, _: &Request, page: PageNumber) -> Result<Page<Post>> {
        let posts = self.stored.lock().unwrap();
        let posts: Vec<_> = posts.values().cloned().collect();
        let total = posts.len() as u64;
        Ok(match self.fault {
            Fault::IgnoresTheLimit => page.of(posts, total),
            Fault::CountsOnePage => {
                let items = page.slice(&posts).items().to_vec();
                let total = items.len() as u64;
                page.of(items, total)
            }
            _ => page.slice(&posts),
        })
    }

    async fn create(&self, _: &Request, new: C) -> Result<R> {
        let mut post = self.post(0, new.into())?;
        let mut posts = self.stored.lock().unwrap();
        post.id = posts.last_key_value().map_or(1, |(id, _)| id + 1);
        if self.fault != Fault::KeepsNothing {
            posts.insert(post.id, post.clone());
        }
        Ok(R::of(post))
    }

    async fn retrieve(&self, _: &Request, Unchecked(id): Unchecked<i64>) -> Result<R> {
        let found = match self.find(id) {
            Err(_) if self.fault == Fault::InventsItems => {
                let title = "Welcome".to_owned();
                let draft = Draft {
                    title,
                    kind: Kind::News,
                    tags: Vec::new(),
                };
                self.post(id, draft)
            }
            found => found,
        };
        found.map(R::of)
    }

    async fn update(&self, _: &Request, Unchecked(id): Unchecked<i64>, item: U) -> Result<R> {
        self.find(id)?;
        let post = self.post(id, item.into())?;
        Ok(R::of(self.replace(post)))
    }

    async fn partial_update(
        &self,
        _: &Request,
        Unchecked(id): Unchecked<i64>,
        changes: PostChanges,
    ) -> Result<R> {
        let Post {
            title, kind, tags, ..
        } = self.find(id)?;
        let title = changes.title.unwrap_or(title);
        let kind = changes.kind.unwrap_or(kind);
        let post = self.post(id, Draft { title, kind, tags })?;
        Ok(R::of(self.replace(post)))
    }

    async fn destroy(&self, _: &Request, Unchecked(id): Unchecked<i64>) -> Result<()> {
        let mut posts = self.stored.lock().unwrap();
        let is_there = match self.fault {
            Fault::KeepsWhatIsDestroyed => posts.contains_key(&id),
            _ => posts.remove(&id).is_some(),
        };
        if is_there || self.fault == Fault::DestroysNothing {
            Ok(())
        } else {
            Err(self.missing())
        }
    }

    fn location_id(&self, item: &R) -> Option<i64> {
        item.id()
    }
}
