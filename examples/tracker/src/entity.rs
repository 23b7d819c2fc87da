//! The tables.

pub(crate) mod user {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tracker_user")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        #[sea_orm(unique)]
        pub(crate) name: String,
        pub(crate) password_hash: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod organisation {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "organisation")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        pub(crate) name: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod member {
    use resourceful::prelude::{Deserialize, JsonSchema, Serialize};
    use sea_orm::entity::prelude::*;

    /// An owner adds members and projects; every member works on tasks.
    #[derive(
        Clone,
        Copy,
        Debug,
        PartialEq,
        Eq,
        EnumIter,
        DeriveActiveEnum,
        Deserialize,
        Serialize,
        JsonSchema,
    )]
    #[serde(rename_all = "snake_case")]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
    pub(crate) enum Role {
        Owner,
        Member,
    }

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "member")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        #[sea_orm(unique_key = "member")]
        pub(crate) organisation_id: i64,
        #[sea_orm(unique_key = "member")]
        pub(crate) user_id: i64,
        pub(crate) role: Role,
        #[sea_orm(belongs_to, from = "organisation_id", to = "id", on_delete = "Cascade")]
        pub(crate) organisation: BelongsTo<super::organisation::Entity>,
        #[sea_orm(belongs_to, from = "user_id", to = "id")]
        pub(crate) user: BelongsTo<super::user::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod project {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "project")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        #[sea_orm(unique_key = "project")]
        pub(crate) organisation_id: i64,
        #[sea_orm(unique_key = "project")]
        pub(crate) key: String,
        pub(crate) name: String,
        #[sea_orm(belongs_to, from = "organisation_id", to = "id")]
        pub(crate) organisation: BelongsTo<super::organisation::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod task {
    use resourceful::prelude::{Deserialize, JsonSchema, Serialize};
    use sea_orm::entity::prelude::*;

    #[derive(
        Clone,
        Copy,
        Debug,
        PartialEq,
        Eq,
        EnumIter,
        DeriveActiveEnum,
        Deserialize,
        Serialize,
        JsonSchema,
    )]
    #[serde(rename_all = "snake_case")]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
    pub(crate) enum State {
        Open,
        Started,
        Done,
    }

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "task")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        #[sea_orm(indexed)]
        pub(crate) project_id: i64,
        pub(crate) author_id: i64,
        pub(crate) assignee_id: Option<i64>,
        pub(crate) title: String,
        pub(crate) description: String,
        pub(crate) state: State,
        pub(crate) version: i64,
        pub(crate) created_at: DateTimeUtc,
        pub(crate) deleted_at: Option<DateTimeUtc>,
        #[sea_orm(belongs_to, from = "project_id", to = "id")]
        pub(crate) project: BelongsTo<super::project::Entity>,
        #[sea_orm(belongs_to, relation_enum = "Author", from = "author_id", to = "id")]
        pub(crate) author: BelongsTo<super::user::Entity>,
        #[sea_orm(
            belongs_to,
            relation_enum = "Assignee",
            from = "assignee_id",
            to = "id"
        )]
        pub(crate) assignee: BelongsTo<Option<super::user::Entity>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod comment {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "comment")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        #[sea_orm(indexed)]
        pub(crate) task_id: i64,
        pub(crate) author_id: i64,
        pub(crate) text: String,
        pub(crate) created_at: DateTimeUtc,
        #[sea_orm(belongs_to, from = "task_id", to = "id")]
        pub(crate) task: BelongsTo<super::task::Entity>,
        #[sea_orm(belongs_to, from = "author_id", to = "id")]
        pub(crate) author: BelongsTo<super::user::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod attachment {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attachment")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        #[sea_orm(indexed)]
        pub(crate) task_id: i64,
        pub(crate) name: String,
        pub(crate) content: Vec<u8>,
        #[sea_orm(belongs_to, from = "task_id", to = "id")]
        pub(crate) task: BelongsTo<super::task::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
