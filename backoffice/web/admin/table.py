"""Base classes of the administration tables: Flask-Admin's lists and searches, with our own pages and access control.

Flask-Admin allows everything by default; these classes allow nothing by default. A table is read-only, shows only
the columns that it names and serves only the addresses that it needs. Each address carries a Permission; without
one the application does not start (see backoffice.web.guard). Flask-Admin's templates and static files are not
used: their scripts and styles violate our Content-Security-Policy, and they delete without confirmation when
scripts are off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin.base import Admin, AdminIndexView, BaseView, expose
from flask_admin.contrib.sqla.filters import BaseSQLAFilter
from flask_admin.contrib.sqla.view import ModelView
from flask_admin.model.base import ViewArgs
from flask_login import current_user
from sqlalchemy import ColumnElement, inspect, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Query, Session
from sqlalchemy.orm.interfaces import ORMOption
from werkzeug.datastructures import MultiDict
from wtforms import Form

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models.base import Model
from backoffice.models.display import shown
from backoffice.models.searched import Searched
from backoffice.queries.search import says
from backoffice.web.guard import requires
from backoffice.web.security import LARGEST_ID, id_of
from workflows.case import Refused

from .words import column_label

PAGE = 50
"""Rows per page of a list."""
LONGEST_SEARCH = 100
BETWEEN = "~"
"""Separator of the parts of a composite key in an address."""
READ: dict[type, Callable[[str], Any]] = {int: id_of, str: clean, date: date.fromisoformat}
"""{type of a key column: parser of its text}. A parser raises ValueError for invalid text."""

Vocabularies = Mapping[str, Mapping[Any, str]]
"""{column: {code: label}}."""


class Closed(BaseView):
    """A Flask-Admin page for administrators. Checks the permission again after the guard."""

    def is_accessible(self) -> bool:
        return bool(current_user.is_authenticated and current_user.can(Permission.ADMINISTER))

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Calls the view once. Flask-Admin would call a view that raised TypeError a second time."""
        return fn(self, *args, **kwargs)


class Home(Closed, AdminIndexView):
    """The list of the tables."""

    def __init__(self, endpoint: str, url: str):
        super().__init__("Tables de référence", endpoint=endpoint, url=url)
        self.static_folder = None  # Flask-Admin's static files are not served: see the module docstring

    @expose()
    @requires(Permission.ADMINISTER)
    def index(self) -> str:
        return self.render("admin_tables/home.html", groups=groups(self.admin))


def groups(admin: Admin | None) -> dict[str, list[Table]]:
    """{group: its tables}, in the order in which they were added."""
    found: dict[str, list[Table]] = {}
    for view in admin._views if admin else ():
        if isinstance(view, Table):
            found.setdefault(str(view.category), []).append(view)
    return found


class Among(BaseSQLAFilter):
    """Filter: a column equals one value of a closed list. words: {value: label}, read at each request."""

    def __init__(self, column: Any, key: str, words: Callable[[], Mapping[Any, str]]):
        super().__init__(column, column_label(column.class_.__tablename__, key))
        self.key, self.words = key, words

    def clean(self, value: str) -> Any:
        for known in self.words():
            if str(known) == value:
                return known
        raise ValueError(value)

    def apply(self, query: Any, value: Any, alias: Any = None) -> Any:
        return query.filter(self.column == value)

    def operation(self) -> str:
        return "est"


class Table(Closed, ModelView):
    """One read-only table. columns: of the list, the first one links to the row's page; more: shown on that page only;
    loading: loader options for related rows, so that the number of queries does not depend on the list's length.
    """

    model_class: ClassVar[type[Model]]
    slug: ClassVar[str]
    title: ClassVar[str]
    """Title of the list. `one`: name of a row, e.g. «Commune»."""
    one: ClassVar[str]
    about: ClassVar[str] = ""
    """Introduction: who owns the data and where it is changed."""
    group: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    more: ClassVar[tuple[str, ...]] = ()
    order: ClassVar[tuple[str, bool]] = ("id", True)
    """(column, descending)."""
    loading: ClassVar[Sequence[ORMOption]] = ()

    can_create = can_edit = can_delete = False
    can_view_details = True
    can_set_page_size = False
    page_size = PAGE
    form = Form
    """Empty: no form field is generated from a column."""
    action_disallowed_list = ("delete",)
    column_auto_select_related = False
    column_display_pk = True
    list_template = "admin_tables/list.html"

    def __init__(self) -> None:
        self.column_list = self.columns
        self.column_details_list = [*self.columns, *self.more]
        self.column_default_sort = self.order
        self.column_filters = self.filters()
        super().__init__(
            self.model_class,
            db,
            name=self.title,
            category=self.group,
            endpoint=f"tables_{self.slug}",
            url=f"/administration/tables/{self.slug}",
        )

    @property
    def vocabularies(self) -> Vocabularies:
        """Labels of the columns that contain codes."""
        return {}

    def filters(self) -> tuple[Among, ...]:
        """The filters of the list, besides its search."""
        return ()

    def create_blueprint(self, admin: Admin) -> Any:
        """Registers only the addresses that this table serves."""
        served = {
            "index_view": True,
            "details_view": True,
            "create_view": self.can_create,
            "edit_view": self.can_edit,
            "delete_view": self.can_delete,
        }
        self._urls = [rule for rule in type(self)._urls if served.get(str(rule[1]))]
        return super().create_blueprint(admin)

    def get_column_names(self, only_columns: Sequence[Any], excluded_columns: Any) -> list[tuple[Any, str]]:
        return [(name, self.get_column_name(name)) for name in only_columns]

    def get_column_name(self, field: str) -> str:
        return column_label(self.model.__tablename__, field)

    # --- What is read --------------------------------------------------------------------------------

    def condition(self) -> ColumnElement[bool]:
        """Condition on the rows that are shown."""
        return true()

    def get_query(self) -> Query[Any]:
        return db.session.query(self.model).options(*self.loading).filter(self.condition())

    def get_count_query(self) -> Query[Any]:
        return super().get_count_query().filter(self.condition())

    def init_search(self) -> bool:
        """Whether the list has a search box: the model is searched."""
        return issubclass(self.model_class, Searched)

    def _apply_search(self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str) -> Any:
        found = says(self.model_class, search)
        return query.filter(found), count_query and count_query.filter(found), joins, count_joins

    def _apply_sorting(self, *args: Any) -> Any:
        query, joins = super()._apply_sorting(*args)
        keys = inspect(self.model).primary_key
        return query.order_by(*keys), joins  # stable order between pages

    def get_one(self, key: str) -> Any:
        """The row with this key, written as by `key`; aborts with 404 when there is none."""
        columns, parts = inspect(self.model).primary_key, key.split(BETWEEN)
        try:
            pairs = [(column, READ[column.type.python_type](part)) for column, part in zip(columns, parts, strict=True)]
        except ValueError:
            abort(404)
        query = self.get_query().filter(*(column == value for column, value in pairs))
        return query.one_or_none() or abort(404)

    def text(self, row: Any, name: str) -> str:
        """One value of a row, in words."""
        return shown(self._get_field_value(row, name), self.vocabularies.get(name, {}))

    def heading(self, row: Any) -> str:
        """Title of a row's page."""
        return f"{self.one} : {self.text(row, self.columns[0])}"

    def elsewhere(self, row: Any) -> list[tuple[str, str]]:
        """Links to other pages about a row: [(label, address)]."""
        return []

    def key(self, row: Any) -> str:
        return BETWEEN.join(map(str, inspect(row).identity))

    def address(self, page: str, row: Any = None) -> str:
        """Address of a page of this table: "index", "details", "create", "edit" or "delete"."""
        endpoint = f"{self.endpoint}.{page}_view"
        return url_for(endpoint) if row is None else url_for(endpoint, key=self.key(row))

    # --- Its pages -----------------------------------------------------------------------------------

    @property
    def _narrowing(self) -> list[Among]:
        """The filters of `filters`, as stored by Flask-Admin."""
        return [one for one in self._filters or () if isinstance(one, Among)]

    def _get_list_filter_args(self) -> list[tuple[int, Any, str]]:
        asked = [(rank, one, request.args.get(one.key, "")) for rank, one in enumerate(self._narrowing)]
        return [(rank, one.name, value) for rank, one, value in asked if value and one.validate(value)]

    def _get_filters(self, filters: Sequence[tuple[int, Any, str]] | None) -> dict[str, str]:
        return {self._narrowing[rank].key: value for rank, _, value in filters or ()}

    def _get_list_extra_args(self) -> ViewArgs:
        """Parameters of the list, from the query string. Invalid values are ignored."""
        page = request.args.get("page", 0, type=id_of)
        return ViewArgs(
            page=min(page, LARGEST_ID // PAGE),
            sort=request.args.get("sort", None, type=id_of),
            sort_desc=1 if request.args.get("desc") == "1" else None,
            search=clean(request.args.get("search", ""))[:LONGEST_SEARCH],
            filters=self._get_list_filter_args(),
        )

    @expose("/")
    @requires(Permission.ADMINISTER)
    def index_view(self) -> str:
        page: str = super().index_view()
        return page

    @expose("/<key>/")
    @requires(Permission.ADMINISTER)
    def details_view(self, key: str) -> ResponseReturnValue:
        row = self.get_one(key)
        return self.render("admin_tables/row.html", row=row, columns=self._details_columns)

    def render(self, template: str, **kwargs: Any) -> str:
        return render_template(template, table=self, **kwargs)


class Written(Table):
    """A table that administrators edit, through functions of the domain that record each change in the change log."""

    can_edit = True
    form_template: ClassVar[str] = "admin_tables/form.html"
    removal: ClassVar[str] = "Supprimer"
    """Label of the delete button. `removed`: message after deletion; `removal_warning`: text shown before."""
    removed: ClassVar[str] = "La ligne est supprimée."
    removal_warning: ClassVar[str] = "Elle ne pourra pas être retrouvée."
    in_use: ClassVar[str] = (
        "Cette ligne sert encore ailleurs dans Relais : elle ne peut pas être supprimée, et rien n’a été changé."
    )

    # --- To implement for each table -----------------------------------------------------------------

    def ask(self, sent: MultiDict[str, str] | None, row: Any | None) -> Any:
        """The form, filled with the data sent, or with the row when sent is None. It has `errors`."""
        raise NotImplementedError

    def right(self, form: Any) -> bool:
        """Whether the form is valid; fills its errors otherwise."""
        return bool(form.validate())

    def write(self, session: Session, form: Any, row: Any | None) -> Any:
        """Writes a valid form with a function of the domain; returns the row, flushed. Raises Refused."""
        raise NotImplementedError

    def remove(self, session: Session, row: Any) -> None:
        """Deletes the row with a function of the domain. Raises Refused, or IntegrityError when the row is in use."""
        raise NotImplementedError

    def removable(self, row: Any) -> bool:
        """Whether the row's page offers deletion."""
        return True

    # --- Its pages -----------------------------------------------------------------------------------

    @expose("/nouveau", methods=("GET", "POST"))
    @requires(Permission.ADMINISTER, keeps_input=True)
    def create_view(self) -> ResponseReturnValue:
        return self._form(None)

    @expose("/<key>/modifier", methods=("GET", "POST"))
    @requires(Permission.ADMINISTER, keeps_input=True)
    def edit_view(self, key: str) -> ResponseReturnValue:
        return self._form(self.get_one(key))

    def _form(self, row: Any | None) -> ResponseReturnValue:
        if request.method == "GET":
            return self._form_page(self.ask(None, row), row)
        form = self.ask(request.form, row)
        if not self.right(form):
            return self._form_page(form, row), 422
        try:
            with atomic() as session:
                home = self.address("details", self.write(session, form, row))
        except Refused as refused:
            return self._form_page(form, row, refused.message), 409
        except IntegrityError:
            message = "Une autre ligne porte déjà l’une de ces réponses : rien n’a été changé."
            return self._form_page(form, row, message), 409
        flash("C’est enregistré." if row is not None else "La ligne est ajoutée.", "success")
        return redirect(home, 303)

    def _form_page(self, form: Any, row: Any | None, error: str = "") -> str:
        return self.render(self.form_template, form=form, row=row, error=error)

    @expose("/<key>/supprimer", methods=("GET", "POST"))
    @requires(Permission.ADMINISTER)
    def delete_view(self, key: str) -> ResponseReturnValue:
        """Confirmation first: deletes only with `confirme`, sent by the confirmation page or by confirm.js."""
        row = self.get_one(key)
        if request.method == "GET":
            return self._removal_page(row)
        if request.form.get("confirme") != "1":
            return redirect(self.address("delete", row), 303)
        try:
            with atomic() as session:
                self.remove(session, row)
        except Refused as refused:
            return self._removal_page(self.get_one(key), refused.message), 409
        except IntegrityError:
            return self._removal_page(self.get_one(key), self.in_use), 409
        flash(self.removed, "success")
        return redirect(self.address("index"), 303)

    def _removal_page(self, row: Any, error: str = "") -> str:
        return self.render("admin_tables/delete.html", row=row, error=error, columns=self._details_columns)
