# kind: assert
# verdict: runtime_error
# threat: an exception at load whose text can't be encoded
raise ValueError("\udcff" * 100)
