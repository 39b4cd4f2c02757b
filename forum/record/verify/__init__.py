"""The check of an export with Python alone: the program that every export holds as `verify.py`.

Standard library only, so that anybody who has Python 3.11 or later can read it and run it. Forum's source has it as the
package `forum/record/verify/`; in an export the files of that package are joined into one, `verify.py`:

    python verify.py FILE.zip      checks a packed export, also one packed again by another program
    python verify.py FOLDER        checks an unpacked export
    python verify.py               checks the unpacked export in whose folder it lies

    python verify.py --receipt RECEIPT [FILE.zip|FOLDER]      checks the receipt of one ballot, and against an export

    python -m forum.record.verify FILE.zip|FOLDER      the same, in the folder of Forum's source

It prints PASS, FAIL or NOT CHECKED for each check, and in its last line what it did not check. Its exit code is 0 if
every check passed, 1 if any failed, 2 if there is no export that it can read, and 3 if none failed but some things
were not checked: `forum verify` checks these.

Sources: RFC 8032 (signatures), RFC 9162 section 2.1 (tree and proofs), RFC 8785 (canonical JSON; only the values that
can be written in one way), RFC 9901 (disclosures), C2SP signed-note and tlog-checkpoint. docs/record.md says what all
this proves and what it does not.
"""
