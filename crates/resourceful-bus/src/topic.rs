//! [`Topic`]: the name of a stream of messages, with their type.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use resourceful::{Error, Result};

/// Longest name in bytes.
const MAX_NAME_LEN: usize = 255;

/// The name of a stream of messages, with their type. A constant is all topics of one type; [`of`](Self::of) makes one of
/// them, for example that of a room.
///
/// # Examples
/// ```
/// use resourceful_bus::Topic;
///
/// const PRICES: Topic<u64> = Topic::new("prices");
/// const CHAT: Topic<String> = Topic::new("chat");
///
/// let room = CHAT.of("7");
/// assert_eq!(room.name(), "chat/7");
/// ```
///
/// ```compile_fail
/// const CHAT: resourceful_bus::Topic<String> = resourceful_bus::Topic::new("the chat");
/// ```
pub struct Topic<M> {
    name: Cow<'static, str>,
    message: PhantomData<fn(M) -> M>,
}

impl<M> Topic<M> {
    /// A topic of this name: ASCII letters, digits, `-`, `_` and `.`.
    ///
    /// # Panics
    /// If the name has another character, or none or more than 255. In a `const` this is a compile error.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(
            is_name(name.as_bytes()),
            "the name of a topic has 1 to 255 ASCII letters, digits, `-`, `_` and `.`"
        );
        Self {
            name: Cow::Borrowed(name),
            message: PhantomData,
        }
    }

    /// The topic of one room, user or thing of this kind. The whole name has at most 255 bytes; a longer one is an error
    /// where it is used.
    #[must_use]
    pub fn of(&self, part: impl fmt::Display) -> Self {
        Self {
            name: Cow::Owned(format!("{}/{part}", self.name)),
            message: PhantomData,
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Checks the name of a topic.
pub(crate) fn check<M>(topic: &Topic<M>) -> Result<()> {
    let name = topic.name();
    if name.len() > MAX_NAME_LEN || name.contains('\0') {
        return Err(Error::internal(
            "the name of a topic has more than 255 bytes, or a zero byte",
        ));
    }
    Ok(())
}

const fn is_name(name: &[u8]) -> bool {
    let mut index = 0;
    while index < name.len() {
        if !(name[index].is_ascii_alphanumeric() || matches!(name[index], b'-' | b'_' | b'.')) {
            return false;
        }
        index += 1;
    }
    index > 0 && index <= MAX_NAME_LEN
}

impl<M> Clone for Topic<M> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            message: PhantomData,
        }
    }
}

impl<M> fmt::Debug for Topic<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Topic").field(&self.name).finish()
    }
}
