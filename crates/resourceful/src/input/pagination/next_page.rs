//! [`NextPage`]: the query of the page after a page.

use crate::input::pagination::{LimitOffset, Page, PageNumber, Unpaged};
use crate::input::query::Filtered;

/// The query of the page after a page, for clients that read all of them.
///
/// # Examples
/// ```
/// use resourceful::{NextPage, PageNumber};
///
/// let query = PageNumber::<10, 100>::FIRST;
/// let page = query.of(vec!["a"; 10], 12);
/// let next = query.next_page(&page).unwrap();
/// assert_eq!(next.number(), 2);
/// assert!(next.next_page(&next.of(vec!["a"; 2], 12)).is_none());
/// ```
pub trait NextPage: Sized {
    /// The query of the next page; `None` after the last one.
    fn next_page<T>(&self, page: &Page<T>) -> Option<Self>;
}

impl NextPage for Unpaged {
    fn next_page<T>(&self, _: &Page<T>) -> Option<Self> {
        None
    }
}

impl<const DEFAULT: u32, const MAX: u32> NextPage for PageNumber<DEFAULT, MAX> {
    fn next_page<T>(&self, page: &Page<T>) -> Option<Self> {
        page.has_next()
            .then(|| Self::at(self.number() + 1, self.limit()))
    }
}

impl<const DEFAULT: u32, const MAX: u32> NextPage for LimitOffset<DEFAULT, MAX> {
    fn next_page<T>(&self, page: &Page<T>) -> Option<Self> {
        page.has_next()
            .then(|| Self::at(self.offset() + self.limit(), self.limit()))
    }
}

impl<F: Clone, P: NextPage> NextPage for Filtered<F, P> {
    fn next_page<T>(&self, page: &Page<T>) -> Option<Self> {
        let paging = self.paging.next_page(page)?;
        let filter = self.filter.clone();
        Some(Self { filter, paging })
    }
}
