/* Forgets the meanings that were given to the kinds of rows, so that the tables can be read again with others. */
#undef UNARY
#undef UNARYP
#undef BINARY
#undef BINARYP
#undef TERNARY
#undef CHOICE
#undef FACE
#undef PREDICATE1
#undef PREDICATE
#undef OP
#undef OP2
#undef OP3
#undef OPN
#undef COMPOSITE
#undef COMPOSITE2
#undef COMPOSITE3
#undef COMPOSITEN
