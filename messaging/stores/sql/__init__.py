"""The store on Django's ORM: SQLite and PostgreSQL."""
