"""Values as clients and rules state them: instants, money, numbers, paths into objects, and operators on them."""
