//! Each type of a column, written and read by SeaORM, on both databases.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Utc};
use resourceful_db::{Db, DbError};
use rust_decimal::Decimal;
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, FromQueryResult, IntoActiveModel, Statement};
use serde_json::json;

use crate::dbs::{both, create_table, execute, postgres, sqlite};

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(10))")]
pub enum Status {
    #[sea_orm(string_value = "draft")]
    Draft,
    #[sea_orm(string_value = "ÖFFENTLICH")]
    Public,
}

/// No member is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i32", db_type = "Integer")]
pub enum Level {
    #[sea_orm(num_value = 3)]
    Low,
    #[sea_orm(num_value = 1_000_000)]
    High,
}

mod sample {
    use super::{Level, Status};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sample")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub i8: Option<i8>,
        pub i16: Option<i16>,
        pub i32: Option<i32>,
        pub i64: Option<i64>,
        pub u32: Option<u32>,
        pub u64: Option<u64>,
        pub f32: Option<f32>,
        pub f64: Option<f64>,
        pub flag: Option<bool>,
        #[sea_orm(column_type = "Text")]
        pub text: Option<String>,
        pub bytes: Option<Vec<u8>>,
        #[sea_orm(column_type = "Decimal(Some((14, 4)))")]
        pub price: Option<Decimal>,
        pub uuid: Option<Uuid>,
        pub date: Option<Date>,
        pub time: Option<Time>,
        pub naive: Option<DateTime>,
        pub utc: Option<DateTimeUtc>,
        pub fixed: Option<DateTimeWithTimeZone>,
        pub json: Option<Json>,
        pub status: Option<Status>,
        pub level: Option<Level>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The same types, which may not be null.
mod required {
    use super::{Level, Status};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "required")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub i8: i8,
        pub i16: i16,
        pub i32: i32,
        pub u32: u32,
        pub u64: u64,
        pub f32: f32,
        pub f64: f64,
        pub flag: bool,
        pub text: String,
        pub bytes: Vec<u8>,
        pub price: Decimal,
        pub uuid: Uuid,
        pub date: Date,
        pub time: Time,
        pub naive: DateTime,
        pub utc: DateTimeUtc,
        pub fixed: DateTimeWithTimeZone,
        pub json: Json,
        pub status: Status,
        pub level: Level,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn fixed(text: &str) -> DateTime<FixedOffset> {
    text.parse().unwrap()
}

/// A usual value, the extremes, and null.
fn samples() -> Vec<sample::Model> {
    let null = sample::Model::default();
    let usual = sample::Model {
        id: 1,
        i8: Some(7),
        i16: Some(-7),
        i32: Some(7),
        i64: Some(-7),
        u32: Some(7),
        u64: Some(7),
        f32: Some(1.1),
        f64: Some(0.1 + 0.2),
        flag: Some(true),
        text: Some("naïve — 日本語 🦀 %_\\'\"".to_owned()),
        bytes: Some(vec![0, 255, 1]),
        price: Some(Decimal::new(1_999, 2)),
        uuid: Some(Uuid::from_u128(0x1234_5678_9abc_def0)),
        date: NaiveDate::from_ymd_opt(2024, 2, 29),
        time: NaiveTime::from_hms_micro_opt(12, 34, 56, 789_012),
        naive: Some("2024-01-15T12:34:56.789012".parse().unwrap()),
        utc: Some(utc("2024-01-15T12:34:56.789012Z")),
        fixed: Some(fixed("2024-01-15T12:34:56.789012+05:30")),
        json: Some(json!({"a": [1, 2.5, null, "ü"], "b": {"c": true}})),
        status: Some(Status::Public),
        level: Some(Level::High),
    };
    let least = sample::Model {
        id: i32::MIN,
        i8: Some(i8::MIN),
        i16: Some(i16::MIN),
        i32: Some(i32::MIN),
        i64: Some(i64::MIN),
        u32: Some(u32::MIN),
        u64: Some(u64::MIN),
        f32: Some(f32::NEG_INFINITY),
        f64: Some(f64::NEG_INFINITY),
        flag: Some(false),
        text: Some(String::new()),
        bytes: Some(Vec::new()),
        price: Some(Decimal::new(-99_999_999_999_999, 4)),
        uuid: Some(Uuid::nil()),
        date: NaiveDate::from_ymd_opt(1, 1, 1),
        time: Some(NaiveTime::MIN),
        naive: Some("0001-01-01T00:00:00".parse().unwrap()),
        utc: Some(utc("0001-01-01T00:00:00Z")),
        fixed: Some(fixed("0001-01-01T00:00:00+00:00")),
        json: Some(Json::Null),
        status: Some(Status::Draft),
        level: Some(Level::Low),
    };
    let greatest = sample::Model {
        id: i32::MAX,
        i8: Some(i8::MAX),
        i16: Some(i16::MAX),
        i32: Some(i32::MAX),
        i64: Some(i64::MAX),
        u32: Some(i32::MAX.unsigned_abs()),
        u64: Some(i64::MAX.unsigned_abs()),
        f32: Some(f32::MAX),
        f64: Some(f64::MIN_POSITIVE),
        text: Some("ü".repeat(500_000)),
        bytes: Some(vec![170; 1_000_000]),
        price: Some(Decimal::new(99_999_999_999_999, 4)),
        uuid: Some(Uuid::max()),
        date: NaiveDate::from_ymd_opt(9999, 12, 31),
        time: NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999),
        naive: Some("9999-12-31T23:59:59.999999".parse().unwrap()),
        utc: Some(utc("9999-12-31T23:59:59.999999Z")),
        fixed: Some(fixed("9999-12-31T23:59:59.999999+00:00")),
        json: Some(json!([i64::MAX, u64::MAX, 1.5e300, "x".repeat(100_000)])),
        ..usual.clone()
    };
    vec![null, usual, least, greatest]
}

#[tokio::test]
async fn every_type_is_read_as_it_was_written() {
    for db in both(Db::options().entity(sample::Entity)).await {
        create_table(&db, sample::Entity).await;
        for model in samples() {
            // The models of `insert` and `update` come from the database.
            let active = model.clone().into_active_model().reset_all();
            let inserted = active.clone().insert(&db.db).await.unwrap();
            assert_eq!(inserted, model, "{:?}", db.backend());
            assert_eq!(active.update(&db.db).await.unwrap(), model);
            let found = sample::Entity::find_by_id(model.id).one(&db.db).await;
            assert_eq!(found.unwrap().unwrap(), model, "{:?}", db.backend());
        }
        // An equal instant is found, with whichever offset it is asked for.
        let found = sample::Entity::find()
            .filter(sample::Column::Fixed.eq(fixed("2024-01-15T09:04:56.789012+02:00")))
            .filter(sample::Column::Utc.gte(utc("2024-01-15T12:34:56.789Z")))
            .filter(sample::Column::Uuid.eq(Uuid::from_u128(0x1234_5678_9abc_def0)))
            .filter(sample::Column::Status.eq(Status::Public))
            .filter(sample::Column::Level.is_in([Level::High]))
            .filter(sample::Column::Price.lt(Decimal::new(20, 0)));
        assert_eq!(found.count(&db.db).await.unwrap(), 1, "{:?}", db.backend());
    }
}

#[tokio::test]
async fn types_that_may_not_be_null_are_read_as_they_were_written() {
    for db in both(Db::options().entity(required::Entity)).await {
        create_table(&db, required::Entity).await;
        for sample in &samples()[1..] {
            let sample = sample.clone();
            let model = required::Model {
                id: sample.i64.unwrap(),
                i8: sample.i8.unwrap(),
                i16: sample.i16.unwrap(),
                i32: sample.i32.unwrap(),
                u32: sample.u32.unwrap(),
                u64: sample.u64.unwrap(),
                f32: sample.f32.unwrap(),
                f64: sample.f64.unwrap(),
                flag: sample.flag.unwrap(),
                text: sample.status.map(|status| format!("{status:?}")).unwrap(),
                bytes: sample.bytes.unwrap(),
                price: sample.price.unwrap(),
                uuid: sample.uuid.unwrap(),
                date: sample.date.unwrap(),
                time: sample.time.unwrap(),
                naive: sample.naive.unwrap(),
                utc: sample.utc.unwrap(),
                fixed: sample.fixed.unwrap(),
                json: sample.json.unwrap(),
                status: sample.status.unwrap(),
                level: sample.level.unwrap(),
            };
            let active = model.clone().into_active_model();
            assert_eq!(active.insert(&db.db).await.unwrap(), model);
            let found = required::Entity::find_by_id(model.id).one(&db.db).await;
            assert_eq!(found.unwrap().unwrap(), model, "{:?}", db.backend());
        }
    }
}

/// PostgreSQL keeps NaN. SQLite would make a null of it, so it refuses it.
#[tokio::test]
async fn not_a_number_is_kept_or_refused() {
    let [sqlite, postgres] = both(Db::options().entity(sample::Entity)).await;
    let nan = sample::Model {
        f32: Some(f32::NAN),
        f64: Some(f64::NAN),
        ..sample::Model::default()
    };
    let nan = nan.into_active_model().reset_all();
    create_table(&postgres, sample::Entity).await;
    let kept = nan.clone().insert(&postgres.db).await.unwrap();
    assert!(kept.f32.unwrap().is_nan() && kept.f64.unwrap().is_nan());
    create_table(&sqlite, sample::Entity).await;
    let refused = nan.insert(&sqlite.db).await.unwrap_err();
    assert!(refused.to_string().contains("NaN"), "{refused}");
}

/// A number that no column of the database can hold is refused.
#[tokio::test]
async fn integers_that_do_not_fit_are_refused() {
    for db in both(Db::options().entity(sample::Entity)).await {
        create_table(&db, sample::Entity).await;
        let large = sample::Model {
            u64: Some(u64::MAX),
            ..sample::Model::default()
        };
        let large = large.into_active_model().reset_all();
        large.insert(&db.db).await.unwrap_err();
        assert_eq!(sample::Entity::find().count(&db.db).await.unwrap(), 0);
    }
}

/// SQLite keeps 15 digits of a decimal in a column that SeaORM declares, and all in one of text.
#[tokio::test]
async fn sqlite_keeps_fifteen_digits_of_a_decimal() {
    let db = sqlite(Db::options().entity(decimal::Entity)).await;
    execute(
        &db.db,
        "CREATE TABLE decimal (id bigint PRIMARY KEY, number real(30, 10), text text)",
    )
    .await;
    let fifteen: Decimal = "12345678901.2345".parse().unwrap();
    let many: Decimal = "12345678901234567890.12345678".parse().unwrap();
    for (id, number) in [(1, fifteen), (2, many)] {
        let model = decimal::Model {
            id,
            number,
            text: number,
        };
        let read = model.into_active_model().insert(&db.db).await.unwrap();
        assert_eq!(read.text, number);
        assert_eq!(read.number == number, number == fifteen);
        assert_eq!(read.number.round_sf(15), number.round_sf(15));
    }
}

mod decimal {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "decimal")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub number: Decimal,
        pub text: Decimal,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// PostgreSQL's numbers that `Decimal` cannot hold are errors.
#[tokio::test]
async fn numbers_and_times_beyond_the_rust_type_are_errors() {
    let db = postgres(Db::options()).await;
    for expression in [
        "'NaN'::numeric",
        "'1e40'::numeric",
        "'infinity'::timestamp",
        "'-infinity'::timestamptz",
        "'infinity'::date",
        "'5874897-12-31'::date",
        "'294276-12-31 00:00:00'::timestamp",
        "point(1, 2)",
    ] {
        let read = Statement::from_string(DbBackend::Postgres, format!("SELECT {expression} AS v"));
        let error = db.query_one_raw(read).await.unwrap_err();
        assert!(
            !error.to_string().contains("panicked"),
            "{expression}: {error}"
        );
    }
}

mod only_postgres {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "mood")]
    pub enum Mood {
        #[sea_orm(string_value = "glad")]
        Glad,
        #[sea_orm(string_value = "very sad")]
        Sad,
    }

    #[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "only_postgres")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub small: Option<Vec<i16>>,
        pub numbers: Option<Vec<i32>>,
        pub large: Option<Vec<i64>>,
        pub floats: Option<Vec<f64>>,
        pub flags: Option<Vec<bool>>,
        pub texts: Option<Vec<String>>,
        pub uuids: Option<Vec<Uuid>>,
        pub times: Option<Vec<DateTimeUtc>>,
        pub fixed: Option<Vec<DateTimeWithTimeZone>>,
        pub dates: Option<Vec<Date>>,
        pub prices: Option<Vec<Decimal>>,
        pub documents: Option<Vec<Json>>,
        pub mood: Option<Mood>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A value that the type of Rust cannot hold is an error, and not another value.
#[tokio::test]
async fn numbers_and_times_of_postgres_are_read_exactly_or_not() {
    let db = postgres(Db::options()).await;
    let read = async |sql: &str| {
        let query = Statement::from_string(DbBackend::Postgres, format!("SELECT {sql} AS value"));
        db.query_one_raw(query).await.map(Option::unwrap)
    };
    for number in [
        "0",
        "-0.00",
        "10000",
        "100000000",
        "0.0001",
        "0.00000001",
        "12345678.00009",
        "79228162514264337593543950335",
        "-79228162514264337593543950335",
        "1e28",
        "0.0000000000000000000000000001",
        "7.9228162514264337593543950335",
        "1200.3400000",
    ] {
        let row = read(&format!("{number}::numeric")).await.unwrap();
        let expected = Decimal::from_scientific(number)
            .or_else(|_| number.parse())
            .unwrap();
        assert_eq!(
            row.try_get::<Decimal>("", "value").unwrap(),
            expected,
            "{number}"
        );
    }
    for sql in [
        "0.12345678901234567890123456789::numeric",
        "1e-35::numeric",
        "79228162514264337593543950336::numeric",
        "7.92281625142643375935439503351::numeric",
        "'NaN'::numeric",
        "'24:00:00'::time",
        "ARRAY['24:00:00'::time]",
    ] {
        let error = read(sql).await.unwrap_err().to_string();
        assert!(!error.is_empty(), "{sql}");
    }
    let row = read("'23:59:59.999999'::time").await.unwrap();
    let time: NaiveTime = row.try_get("", "value").unwrap();
    assert_eq!(time.to_string(), "23:59:59.999999");
}

/// The members of the column are of another type than those of the field.
#[tokio::test]
async fn an_array_whose_members_do_not_fit_is_an_error() {
    use only_postgres::{Column, Entity};
    let db = postgres(Db::options().entity(Entity)).await;
    create_table(&db, Entity).await;
    let sql =
        "ALTER TABLE only_postgres ALTER numbers TYPE bigint[], ALTER texts TYPE int[] USING NULL";
    execute(&db.db, sql).await;
    for (column, values) in [(Column::Numbers, "5000000000, 1"), (Column::Texts, "1, 2")] {
        let name = sea_orm::IdenStatic::as_str(&column);
        let sql = format!(
            "DELETE FROM only_postgres; INSERT INTO only_postgres (id, {name}) VALUES (1, '{{{values}}}')"
        );
        execute(&db.db, &sql).await;
        resourceful_db::Scope::<Entity>::all()
            .first(&*db)
            .await
            .unwrap_err();
        Entity::find().one(&*db).await.unwrap_err();
    }
    // Those that fit are read.
    let fits = "UPDATE only_postgres SET texts = NULL, numbers = '{1, 2}'";
    execute(&db.db, fits).await;
    let row = Entity::find().one(&*db).await.unwrap().unwrap();
    assert_eq!(row.numbers, Some(vec![1, 2]));
}

#[tokio::test]
async fn arrays_and_native_enumerations_are_read_as_they_were_written() {
    use only_postgres::{Column, Entity, Model, Mood};
    let prepared = postgres(Db::options().entity(Entity)).await;
    create_table(&prepared, Entity).await;
    let options = Db::options().entity(Entity).prepared_statements(false);
    let unprepared = options.connect(&prepared.url).await.unwrap();
    let full = Model {
        id: 1,
        small: Some(vec![i16::MIN, i16::MAX]),
        numbers: Some(vec![i32::MIN, 0, i32::MAX]),
        large: Some(vec![i64::MIN, i64::MAX]),
        floats: Some(vec![1.5, f64::INFINITY]),
        flags: Some(vec![true, false]),
        texts: Some(vec![String::new(), "NULL".into(), "{\"ü\"}".into()]),
        uuids: Some(vec![Uuid::nil(), Uuid::max()]),
        times: Some(vec![utc("2024-01-15T12:34:56.789012Z")]),
        fixed: Some(vec![fixed("2024-01-15T12:34:56.789012+02:00")]),
        dates: Some(vec![NaiveDate::from_ymd_opt(2024, 2, 29).unwrap()]),
        prices: Some(vec![Decimal::new(-15, 1), Decimal::ZERO]),
        documents: Some(vec![json!({"a": 1}), Json::Null]),
        mood: Some(Mood::Sad),
    };
    let empty = Model {
        id: 2,
        small: Some(Vec::new()),
        numbers: Some(Vec::new()),
        large: Some(Vec::new()),
        floats: Some(Vec::new()),
        flags: Some(Vec::new()),
        texts: Some(Vec::new()),
        uuids: Some(Vec::new()),
        times: Some(Vec::new()),
        fixed: Some(Vec::new()),
        dates: Some(Vec::new()),
        prices: Some(Vec::new()),
        documents: Some(Vec::new()),
        mood: Some(Mood::Glad),
    };
    let null = Model::default();
    for db in [&prepared.db, &unprepared] {
        for model in [&full, &empty, &null] {
            let active = model.clone().into_active_model().reset_all();
            assert_eq!(active.insert(db).await.unwrap(), *model);
            let found = Entity::find_by_id(model.id).one(db).await.unwrap();
            assert_eq!(found.as_ref(), Some(model));
        }
        let sad = Entity::find().filter(Column::Mood.eq(Mood::Sad));
        assert_eq!(sad.count(db).await.unwrap(), 1);
        Entity::delete_many().exec(db).await.unwrap();
    }
}

/// Files of SeaORM over sqlx: these texts are those of sqlx-sqlite, and those that its reader accepts.
#[tokio::test]
async fn files_of_sqlx_are_readable() {
    let db = sqlite(Db::options().entity(sample::Entity)).await;
    create_table(&db, sample::Entity).await;
    execute(
        &db.db,
        "INSERT INTO sample (id, flag, uuid, date, time, naive, utc, fixed, json, price)
         VALUES (1, 1, X'0000000000000000123456789abcdef0', '2024-02-29', '12:34:56.789012',
                 '2024-01-15 12:34:56.789012', '2024-01-15T12:34:56.789012+00:00',
                 '2024-01-15T12:34:56.789012+05:30', '{\"a\":1}', '19.99')",
    )
    .await;
    let read = sample::Entity::find_by_id(1).one(&db.db).await;
    let read = read.unwrap().unwrap();
    let usual = &samples()[1];
    assert_eq!(read.flag, usual.flag);
    assert_eq!(read.date, usual.date);
    assert_eq!(read.time, usual.time);
    assert_eq!(read.naive, usual.naive);
    assert_eq!(read.utc, usual.utc);
    assert_eq!(read.fixed, usual.fixed);
    assert_eq!(read.json, Some(json!({"a": 1})));
    assert_eq!(read.price, usual.price);
    // The other way round, too.
    let written = usual.clone();
    let written = sample::ActiveModel {
        id: sea_orm::Set(2),
        ..written.into_active_model().reset_all()
    };
    written.insert(&db.db).await.unwrap();
    let texts = Statement::from_string(
        DbBackend::Sqlite,
        "SELECT CAST(date AS text) || '|' || time || '|' || naive || '|' || utc || '|' || typeof(uuid) AS v \
         FROM sample WHERE id = 2",
    );
    let texts = db.query_one_raw(texts).await.unwrap().unwrap();
    assert_eq!(
        texts.try_get::<String>("", "v").unwrap(),
        "2024-02-29|12:34:56.789012|2024-01-15 12:34:56.789012|2024-01-15T12:34:56.789012+00:00|blob"
    );
    let noon = utc("2024-01-15T12:34:00Z");
    for text in [
        "2024-01-15T12:34:00Z",
        "2024-01-15 12:34:00",
        "2024-01-15 12:34:00.000",
        "2024-01-15 12:34",
        "2024-01-15 12:34Z",
        "2024-01-15 14:34+02:00",
        "2024-01-15 12:34:00Z",
        "2024-01-15 14:34:00+02:00",
        "2024-01-15T12:34",
        "2024-01-15T14:34+02:00",
        "2024-01-15T12:34:00",
    ] {
        let update = format!("UPDATE sample SET utc = '{text}', naive = '{text}' WHERE id = 1");
        execute(&db.db, &update).await;
        let read = sample::Entity::find_by_id(1).one(&db.db).await;
        let read = read.unwrap().unwrap();
        assert_eq!(read.utc, Some(noon), "{text}");
        assert_eq!(read.naive, Some(noon.naive_utc()), "{text}");
    }
}

/// The trap: SeaORM reads a value of another variant as null, so a value that does not fit must be an error.
#[tokio::test]
async fn values_that_do_not_fit_are_errors_and_never_null() {
    let db = sqlite(Db::options().entity(sample::Entity)).await;
    create_table(&db, sample::Entity).await;
    execute(&db.db, "INSERT INTO sample (id) VALUES (1)").await;
    for (column, wrong) in [
        ("i8", "300"),
        ("i16", "100000"),
        ("i32", "5000000000"),
        ("i32", "'seven'"),
        ("i64", "1.5"),
        ("u32", "-1"),
        ("u64", "-1"),
        ("f64", "'much'"),
        ("flag", "'perhaps'"),
        ("text", "X'ff'"),
        ("price", "'cheap'"),
        ("uuid", "'no-uuid'"),
        ("uuid", "X'00'"),
        ("date", "'yesterday'"),
        ("time", "'noon'"),
        ("naive", "'now'"),
        ("utc", "'now'"),
        ("fixed", "1.5"),
        ("json", "'{'"),
        ("status", "'unknown'"),
        ("level", "4"),
    ] {
        let update = format!("UPDATE sample SET {column} = {wrong}");
        execute(&db.db, &update).await;
        let read = sample::Entity::find().one(&db.db).await;
        assert!(read.is_err(), "{update}: {read:?}");
        execute(&db.db, &format!("UPDATE sample SET {column} = NULL")).await;
    }
    sample::Entity::find().one(&db.db).await.unwrap().unwrap();

    let db = postgres(Db::options().entity(sample::Entity)).await;
    create_table(&db, sample::Entity).await;
    execute(&db.db, "INSERT INTO sample (id) VALUES (1)").await;
    for (column, ty, wrong) in [
        ("i16", "bigint", "100000"),
        ("i32", "bigint", "5000000000"),
        ("i32", "text", "'7'"),
        ("u32", "bigint", "-1"),
        ("uuid", "text", "'no-uuid'"),
        ("utc", "date", "'2024-01-15'"),
    ] {
        let alter = format!(
            "ALTER TABLE sample DROP {column}; ALTER TABLE sample ADD {column} {ty}; \
             UPDATE sample SET {column} = {wrong}"
        );
        execute(&db.db, &alter).await;
        let read = sample::Entity::find().one(&db.db).await;
        assert!(read.is_err(), "{alter}: {read:?}");
        execute(&db.db, &format!("UPDATE sample SET {column} = NULL")).await;
    }
}

/// Without its entity, a column that several Rust types can read is an error with the remedy.
#[tokio::test]
async fn a_forgotten_entity_is_an_error() {
    for db in both(Db::options()).await {
        create_table(&db, sample::Entity).await;
        let usual = samples()[1].clone().into_active_model().reset_all();
        let insert = sample::Entity::insert(usual).exec_without_returning(&db.db);
        assert_eq!(insert.await.unwrap(), 1);
        let error = sample::Entity::find().one(&db.db).await.unwrap_err();
        assert!(error.to_string().contains("DbOptions::entity"), "{error}");
        let told = Db::options().entity(sample::Entity).connect(&db.url).await;
        let read = sample::Entity::find().one(&told.unwrap()).await.unwrap();
        assert_eq!(read.as_ref(), samples().get(1));
    }
}

/// Tables are known by their number, also if they are created after the connection, or in the transaction.
#[tokio::test]
async fn tables_that_are_created_later_are_known() {
    for db in both(Db::options().entity(sample::Entity)).await {
        let usual = samples()[1].clone();
        for _ in 0..2 {
            let tx = db.begin().await.unwrap();
            let create =
                sea_orm::Schema::new(db.backend()).create_table_from_entity(sample::Entity);
            tx.execute(&create).await.unwrap();
            let active = usual.clone().into_active_model().reset_all();
            assert_eq!(active.insert(&tx).await.unwrap(), usual);
            tx.commit().await.unwrap();
            let read = sample::Entity::find().one(&db.db).await.unwrap();
            assert_eq!(read.as_ref(), Some(&usual));
            execute(&db.db, "DROP TABLE sample").await;
        }
    }
}

/// A prepared statement with `*` notices a new column, on another connection than that of the change, too.
#[tokio::test]
async fn new_columns_are_seen() {
    #[derive(Debug, FromQueryResult)]
    struct Two {
        a: String,
        b: String,
    }
    for db in both(Db::options()).await {
        execute(&db.db, "CREATE TABLE wide (a text)").await;
        execute(&db.db, "INSERT INTO wide VALUES ('1')").await;
        let all = Statement::from_string(db.backend(), "SELECT * FROM wide");
        for _ in 0..20 {
            db.query_all_raw(all.clone()).await.unwrap();
        }
        execute(&db.db, "ALTER TABLE wide ADD COLUMN b text DEFAULT '2'").await;
        for _ in 0..20 {
            let row = db.query_one_raw(all.clone()).await.unwrap().unwrap();
            let row = Two::from_query_result(&row, "").unwrap();
            assert_eq!((row.a.as_str(), row.b.as_str()), ("1", "2"));
        }
    }
}

/// Positions are those of the statement, although SeaORM sorts by name.
#[tokio::test]
async fn tuples_are_read_by_position() {
    use sea_orm::QuerySelect;
    for db in both(Db::options().entity(sample::Entity)).await {
        create_table(&db, sample::Entity).await;
        let usual = samples()[1].clone().into_active_model().reset_all();
        usual.insert(&db.db).await.unwrap();
        let tuple: Option<(Option<i64>, i32, Option<Status>, i64)> = sample::Entity::find()
            .select_only()
            .column(sample::Column::I64)
            .column(sample::Column::Id)
            .column(sample::Column::Status)
            .column_as(sample::Column::Id.count(), "count")
            .group_by(sample::Column::Id)
            .into_tuple()
            .one(&db.db)
            .await
            .unwrap();
        assert_eq!(tuple, Some((Some(-7), 1, Some(Status::Public), 1)));
    }
}

/// The errors of values do not show them.
#[tokio::test]
async fn errors_of_values_do_not_show_them() {
    for db in both(Db::options()).await {
        execute(&db.db, "CREATE TABLE number (n bigint)").await;
        let values = ["sécret".into(), sea_orm::Value::BigUnsigned(Some(u64::MAX))];
        for value in values {
            let sql = "INSERT INTO number VALUES (CAST($1 AS date))";
            let insert = Statement::from_sql_and_values(db.backend(), sql, [value]);
            let error = match db.execute_raw(insert).await {
                Err(error) => DbError::from(error),
                Ok(_) => continue, // SQLite casts it
            };
            let shown = format!("{error} {error:?}");
            assert!(
                !shown.contains("sécret") && !shown.contains("18446744073709551615"),
                "{shown}"
            );
        }
    }
}
