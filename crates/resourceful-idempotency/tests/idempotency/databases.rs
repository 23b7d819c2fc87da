//! Databases of their own.

use resourceful_db::Db;
use resourceful_test_parts::Database as Opened;

pub(crate) struct Database {
    pub(crate) db: Db,
    opened: Opened,
}

impl Database {
    pub(crate) async fn sqlite() -> Self {
        Self::open(Opened::sqlite()).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::open(Opened::postgres("idempotency")).await
    }

    async fn open(opened: Opened) -> Self {
        let db = Db::connect(&opened.url).await.unwrap();
        Self { db, opened }
    }

    /// The same database, as another process opens it.
    pub(crate) async fn elsewhere(&self) -> Db {
        Db::connect(&self.opened.url).await.unwrap()
    }

    pub(crate) async fn both() -> [Self; 2] {
        [Self::sqlite().await, Self::postgres().await]
    }
}
