# kind: assert
# verdict: wrong_answer runtime_error
# threat: a builtin type by the name of the function, which the examiner might call itself
add = bytearray
