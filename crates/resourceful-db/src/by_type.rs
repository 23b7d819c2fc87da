//! [`ByType`]: values that depend on a type alone, and cost more than a request's own work.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use foldhash::fast::RandomState;

/// A value for each type, made when it is first needed and then kept. There are as many as types.
pub(crate) struct ByType<V>(LazyLock<RwLock<HashMap<TypeId, V, RandomState>>>);

impl<V: Clone> ByType<V> {
    pub(crate) const fn new() -> Self {
        Self(LazyLock::new(RwLock::default))
    }

    /// The value of `T`.
    pub(crate) fn get<T: 'static>(&self, make: impl FnOnce() -> V) -> V {
        let key = TypeId::of::<T>();
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = known.get(&key) {
            return value.clone();
        }
        drop(known);
        let value = make();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(key).or_insert(value).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_a_value_that_is_made_once() {
        static NAMES: ByType<&str> = ByType::new();
        assert_eq!(NAMES.get::<u8>(|| "u8"), "u8");
        assert_eq!(NAMES.get::<u8>(|| "another"), "u8");
        assert_eq!(NAMES.get::<u16>(|| "u16"), "u16");
    }
}
