"""The yardstick: the least that a Typer program with one command and one option does."""

import typer

app = typer.Typer()


@app.command()
def hello(name: str = typer.Option("world", help="Whom to greet.")) -> None:
    """Greet somebody."""
    typer.echo(f"hello {name}")


if __name__ == "__main__":
    app()
