//! [`Parent`]: the parent of a nested resource, from the parameters of its path.

use crate::handler::id::Id;
use crate::openapi::Parameter;
use crate::request::parse_segment;

/// A type that identifies the parent of a nested resource, such as the project in
/// `/projects/{project_id}/tasks`.
///
/// Every [`Id`] is one. [`Parents`] has several, [`NoParent`] none. The parameters of a function with
/// `#[endpoint]` have these types, too.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Serialize, JsonSchema)]
/// struct Task { id: i64, project: i64 }
///
/// struct Tasks;
///
/// #[resource]
/// impl AsyncResource for Tasks {
///     type Access = Public;
///     type Parent = i64;
///
///     async fn retrieve(&self, request: &Request, id: i64) -> Result<Task> {
///         Ok(Task { id, project: self.parent(request) })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/projects/{project_id}/tasks", Tasks))?;
/// assert_eq!(client.get("/projects/7/tasks/1").await.json()["project"], 7);
/// assert_eq!(client.get("/projects/seven/tasks/1").await.status(), 404);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no parameter of a path",
    note = "a parameter, such as the parent of a resource, implements `FromStr`, `Display`, `JsonSchema`, `Clone` and `Sync`; `Parents<(A, B)>` has several"
)]
pub trait Parent: Clone + Send + Sync + 'static {
    /// The number of parameters in the path.
    #[doc(hidden)]
    const COUNT: usize;

    /// Parses the segments, or returns `None` if one is no id of its type.
    #[doc(hidden)]
    fn parse(segments: &[&str]) -> Option<Self>;

    /// The parameters in the document, one for each name.
    #[doc(hidden)]
    fn parameters(names: &[&str]) -> Vec<Parameter>;

    /// The values of the parameters.
    #[doc(hidden)]
    fn values(&self) -> Vec<String>;
}

/// The parent of a resource that is not nested.
///
/// # Examples
/// ```
/// fn is_parent<P: resourceful::Parent>() {}
/// is_parent::<resourceful::NoParent>();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoParent;

/// The parents of a resource that is nested more than once, the outermost first.
///
/// # Examples
/// ```
/// use resourceful::Parents;
/// use resourceful::prelude::*;
///
/// struct Comments;
///
/// #[resource]
/// impl AsyncResource for Comments {
///     type Access = Public;
///     type Parent = Parents<(String, i64)>;
///
///     async fn retrieve(&self, request: &Request, id: i64) -> Result<String> {
///         let Parents((blog, post)) = self.parent(request);
///         Ok(format!("{blog} {post} {id}"))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let app = App::new().resource("/blogs/{blog}/posts/{post_id}/comments", Comments);
/// let client = TestClient::new(app)?;
/// assert_eq!(client.get("/blogs/rust/posts/7/comments/1").await.json(), "rust 7 1");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parents<T>(pub T);

impl Parent for NoParent {
    const COUNT: usize = 0;

    fn parse(_: &[&str]) -> Option<Self> {
        Some(Self)
    }

    fn parameters(_: &[&str]) -> Vec<Parameter> {
        Vec::new()
    }

    fn values(&self) -> Vec<String> {
        Vec::new()
    }
}

impl<I: Id + Clone + Sync> Parent for I {
    const COUNT: usize = 1;

    fn parse(segments: &[&str]) -> Option<Self> {
        let [segment] = segments else { return None };
        parse_segment(segment)
    }

    fn parameters(names: &[&str]) -> Vec<Parameter> {
        let names = names.iter().take(1);
        names
            .map(|name| Parameter::path::<I>((*name).to_owned()))
            .collect()
    }

    fn values(&self) -> Vec<String> {
        vec![self.to_string()]
    }
}

/// Implements [`Parent`] for a tuple.
macro_rules! parents {
    ($count:literal: $($id:ident $at:tt)*) => {
        impl<$($id: Id + Clone + Sync),*> Parent for Parents<($($id,)*)> {
            const COUNT: usize = $count;

            fn parse(segments: &[&str]) -> Option<Self> {
                Some(Self(($(parse_segment::<$id>(segments.get($at)?)?,)*)))
            }

            fn parameters(names: &[&str]) -> Vec<Parameter> {
                let parameters = [$(
                    names.get($at).map(|name| Parameter::path::<$id>((*name).to_owned()))
                ),*];
                parameters.into_iter().flatten().collect()
            }

            fn values(&self) -> Vec<String> {
                vec![$(self.0.$at.to_string()),*]
            }
        }
    };
}

parents!(2: A 0 B 1);
parents!(3: A 0 B 1 C 2);
parents!(4: A 0 B 1 C 2 D 3);
