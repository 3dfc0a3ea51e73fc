def test_it(postgres, database):
    import psycopg
    from chassis.postgres import prepare_service, pool
    prepare_service(database, "evaluation")
    prepare_service(database, "evaluation")
    with psycopg.connect(database.dsn("evaluation", "app")) as c:
        print(c.execute("show search_path").fetchone(), c.execute("select version()").fetchone(), c.execute("select datcollate, datlocprovider, datlocale from pg_database").fetchall())
    with pool(database.dsn("evaluation", "owner"), 3, "x") as p, p.connection() as c:
        print(c.execute("select 1 as a").fetchone())
