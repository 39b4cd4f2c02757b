"""Addresses of accounts, with who may use them; a part of the table in routes.py."""

from __future__ import annotations

from forum.web.accounts import (
    audit,
    own_account,
    own_password,
    people,
    second_step,
    sign_in,
    sign_on,
    tokens,
    your_work,
)
from forum.web.page_row import Page

ACCOUNTS: tuple[Page, ...] = (
    Page("/sign-in", "GET POST", sign_in.sign_in, "public"),
    Page("/sign-in/code", "GET POST", second_step.code, "public"),
    Page("/sign-in/second-step", "GET POST", second_step.enrol, "public"),
    Page("/sign-in/provider", "GET", sign_on.start, "public"),
    Page("/sign-in/provider/back", "GET", sign_on.back, "public"),
    Page("/sign-out", "POST", sign_in.sign_out, "public"),
    Page("/first/{key}", "GET POST", sign_in.first, "public"),
    Page("/people", "GET POST", people.people, "manage people"),
    Page("/people/{person}/roles", "POST", people.set_roles, "manage people"),
    Page("/people/{person}/password", "POST", people.give_password, "manage people"),
    Page("/people/{person}/sign-outs", "POST", people.sign_out_everywhere, "manage people"),
    Page("/people/audit", "GET", audit.acts, "manage people"),
    Page("/people/audit.csv", "GET", audit.acts_file, "manage people"),
    Page("/account", "GET POST", own_password.change, "signed in", somewhere=True),
    Page("/account/second-step", "GET POST", second_step.own, "signed in", somewhere=True),
    Page("/people/{person}/second-step", "POST", people.drop_second_step, "manage people"),
    Page("/people/{person}/unbind", "POST", people.unbind, "manage people"),
    Page("/account/tokens", "GET POST", tokens.tokens, "signed in", somewhere=True),
    Page("/account/tokens/{token}/revoke", "POST", tokens.revoke, "signed in", somewhere=True),
    Page("/account/sign-outs", "POST", own_account.sign_out, "signed in", somewhere=True),
    Page("/work", "GET", your_work.work, "signed in", somewhere=True),
)
